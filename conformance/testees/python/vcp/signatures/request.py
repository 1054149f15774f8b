"""Reading a request `verify` (SIGNATURES.md 2 and 4)."""

import base64
import binascii
from dataclasses import dataclass, field, fields

from ..mapping.times import parse_timestamp
from ..mapping.values import Fault
from .addresses import read_address, unmapped
from .encodings import fold, raw
from .faults import Failed, Unsupported

SCHEMES = (
    "retell",
    "elevenlabs",
    "standard_webhooks",
    "bland",
    "hmac",
    "bearer",
    "header",
    "url_token",
    "path_token",
    "twilio",
    "livekit",
)
SCHEMES_OF_PROVIDERS = {
    "retell": "retell",
    "elevenlabs": "elevenlabs",
    "bland": "bland",
    "openai_realtime": "standard_webhooks",
    "openai": "standard_webhooks",
    "vapi": None,
    "assistable": None,
}
WORDS = {"algorithm": ("sha1", "sha256", "sha512"), "encoding": ("hex", "base64")}


@dataclass
class Config:
    """The settings (SIGNATURES.md 4). None means the default of the scheme."""

    tolerance_sec: int = None
    allow_from: list = None
    signature_header: str = "x-signature"
    include_timestamp: bool = True
    timestamp_header: str = "x-timestamp"
    message_id_header: str = None
    algorithm: str = "sha256"
    encoding: str = "hex"
    prefix: str = ""
    payload_format: str = None
    secret_is_base64: bool = False
    header: str = None
    bearer_prefix: bool = None
    param: str = "token"


@dataclass
class Request:
    """A request. `now` is in milliseconds, and `source` an address."""

    provider: str | None
    scheme: str | None
    config: Config
    headers: list
    body: bytes
    secrets: list
    now: int
    url: str | None
    method: str | None
    source: object = None
    matching: list = field(default_factory=list)

    def values(self, name):
        """Returns the values of a header, compared without regard to ASCII case."""
        return [value for header, value in self.headers if fold(header) == fold(name)]

    def header(self, name):
        """Returns the value of a header that a scheme reads (SIGNATURES.md 5)."""
        values = self.values(name)
        if len(values) != 1:
            raise Failed("VCP_E203" if values else "VCP_E202")
        return values[0]

    def needed(self, name):
        """Returns `url` or `method`, which the scheme reads."""
        value = getattr(self, name)
        if value is None:
            raise Failed("VCP_E210")
        return value


def typed(data, name, kind, required=False):
    """Returns a member of a type. Null means absent."""
    value = data.get(name)
    if value is None and required:
        raise Failed("VCP_E005", f"$.{name}")
    if value is not None and (type(value) is not kind):
        raise Failed("VCP_E004", f"$.{name}")
    return value


def read_request(data):
    """Reads the members of a request."""
    scheme, provider = typed(data, "scheme", str), typed(data, "provider", str)
    if scheme is None and provider is None:
        raise Failed("VCP_E005", "$.scheme")
    if scheme is not None and scheme not in SCHEMES:
        raise Unsupported(f"the scheme {scheme}")
    return Request(
        provider=provider,
        scheme=scheme,
        config=read_config(typed(data, "config", dict) or {}, scheme),
        headers=[pair(entry) for entry in typed(data, "headers", list, True)],
        body=read_body(data),
        secrets=[secret(entry) for entry in typed(data, "secrets", list, True)],
        now=read_now(typed(data, "now", str, True)),
        url=typed(data, "url", str),
        method=typed(data, "method", str),
        source=read_source(typed(data, "source", str)),
    )


def read_config(data, scheme):
    """Reads the settings. All of them must have the right type."""
    kinds = {entry.name: entry.type for entry in fields(Config)}
    for name, value in data.items():
        if name not in kinds or (value is not None and type(value) is not kinds[name]):
            raise Failed("VCP_E004", f"$.config.{name}")
        if scheme == "hmac" and value is not None and value not in WORDS.get(name, (value,)):
            raise Failed("VCP_E004", f"$.config.{name}")
    config = Config(**{name: value for name, value in data.items() if value is not None})
    if any(type(entry) is not str for entry in config.allow_from or []):
        raise Failed("VCP_E004", "$.config.allow_from")
    return config


def pair(entry):
    """Reads a header: a pair of a name and a value."""
    is_pair = isinstance(entry, list) and len(entry) == 2
    if not is_pair or not all(isinstance(part, str) for part in entry):
        raise Failed("VCP_E004", "$.headers")
    return entry


def secret(entry):
    """Reads a secret: an object with `id` and `secret`."""
    if not isinstance(entry, dict):
        raise Failed("VCP_E004", "$.secrets")
    return typed(entry, "id", str, True), typed(entry, "secret", str, True)


def read_body(data):
    """Returns the bytes of the body."""
    text, encoded = typed(data, "body_text", str), typed(data, "body_base64", str)
    if text is not None:
        return raw(text)
    if encoded is None:
        raise Failed("VCP_E005", "$.body_text")
    try:
        return base64.b64decode(raw(encoded), validate=True)
    except (binascii.Error, ValueError):
        raise Failed("VCP_E001", "$.body_base64") from None


def read_now(text):
    """Returns the current time in milliseconds."""
    try:
        return parse_timestamp(text).nanoseconds // 1_000_000
    except Fault:
        raise Failed("VCP_E001", "$.now") from None


def read_source(text):
    """Returns the address of the sender. An IPv4-mapped one is its IPv4 address."""
    if text is None:
        return None
    address = read_address(text)
    if address is None:
        raise Failed("VCP_E004", "$.source")
    return unmapped(address)


def scheme_of(request):
    """Returns the scheme of the request or of its provider (step 1 of SIGNATURES.md 3)."""
    if request.scheme is not None:
        return request.scheme
    name = fold(request.provider)
    if name not in SCHEMES_OF_PROVIDERS:
        raise Failed("VCP_E009", "$.provider")
    return SCHEMES_OF_PROVIDERS[name]
