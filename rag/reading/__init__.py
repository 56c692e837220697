"""The reading room: lists of papers that last, with tags and notes."""
