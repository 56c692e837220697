"""The page: a chat in the browser, served by this machine alone."""

import os

# Gradio reads these when it is imported, so they are set before any module here imports it.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
