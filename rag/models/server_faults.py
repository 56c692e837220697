"""What can go wrong with a model server, in words for people."""

from __future__ import annotations

SHOWN = 160  # characters of what a server itself says
ASK_AGAIN = "ask once more"


class Fault(Exception):
    """What a server did, as the end of a sentence, and what to do; ``away`` when it is not to be had for a while."""

    def __init__(self, told: str, advice: str = ASK_AGAIN, away: bool = False) -> None:
        super().__init__(told)
        self.told, self.advice, self.away = told, advice, away


def understood(error: Exception, patience: float, key: str) -> Fault:
    """The fault that an error of the client's, or a stumble over what it was sent, stands for.

    ``patience`` are the seconds that it was waited for, ``key`` what must not be told.
    """
    import httpx2
    import openai

    if isinstance(error, Fault):
        return error
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status is not None:
        return _refusal(status, _words(error, key))
    causes = (error, error.__cause__)
    if any(isinstance(cause, httpx2.ConnectError | httpx2.ConnectTimeout) for cause in causes):
        return Fault("can't be reached", "see whether it runs, and whether its address is right", away=True)
    if isinstance(error, TimeoutError | httpx2.TimeoutException | openai.APITimeoutError):
        return Fault(f"wrote nothing for {patience:.0f} seconds", "see what it does, or raise llm_patience", away=True)
    if isinstance(error, httpx2.TransportError | openai.APIConnectionError):
        return Fault("broke off in the middle of its reply")
    if isinstance(error, openai.APIError):
        return Fault(f"failed{_words(error, key)}")
    return foreign()


def foreign() -> Fault:
    """Something else than such a server has replied."""
    return Fault("does not speak OpenAI's protocol", "see whether its address is right, which most often ends with /v1")


def _refusal(status: int, words: str) -> Fault:
    if status in (401, 403):
        keys = "SIDEREUS_LLM_KEY, or for embeddings SIDEREUS_EMBEDDING_KEY,"
        return Fault("refuses the key", f"set {keys} to one that it takes", away=True)
    if status == 404:
        return Fault(f"knows nothing of the kind{words}", "see whether its address and the model's name are right")
    if status in (429, 503):
        return Fault(f"is too busy, or not ready yet{words}", "ask again in a while")
    if status in (400, 413, 422):
        too_long = "where that is too long, set llm_context to what the server reads"
        return Fault(f"refuses what it was sent{words}", too_long)
    return Fault(f"failed with status {status}{words}")


def _words(error: Exception, key: str) -> str:
    """What a server said, in brackets, without the key that it may repeat; empty when it said nothing of use."""
    body = getattr(error, "body", None)
    said = body.get("message") if isinstance(body, dict) else None
    text = " ".join(str(said or "").split())
    text = "".join(letter for letter in (text.replace(key, "…") if key else text) if letter.isprintable())
    return f" ({text[:SHOWN].rstrip('. ')})" if text else ""
