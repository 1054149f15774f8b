"""Reading a request `verify` (SIGNATURES.md 2 and 4)."""

from dataclasses import dataclass, field, fields

from ..faults import Refused
from ..requests import content, member, refused, required, time
from ..texts import fold
from .addresses import read_address, unmapped
from .faults import Unsupported

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
            raise Refused("VCP_E203" if values else "VCP_E202")
        return values[0]

    def needed(self, name):
        """Returns `url` or `method`, which the scheme reads."""
        value = getattr(self, name)
        if value is None:
            raise Refused("VCP_E210")
        return value


def read_request(data):
    """Reads the members of a request."""
    scheme, provider = member(data, "scheme", str), member(data, "provider", str)
    if scheme is None and provider is None:
        raise refused("VCP_E005", "scheme")
    if scheme is not None and scheme not in SCHEMES:
        raise Unsupported(f"the scheme {scheme}")
    return Request(
        provider=provider,
        scheme=scheme,
        config=read_config(member(data, "config", dict) or {}, scheme),
        headers=[pair(entry) for entry in required(data, "headers", list)],
        body=content(data, "body"),
        secrets=[secret(entry) for entry in required(data, "secrets", list)],
        now=read_now(data),
        url=member(data, "url", str),
        method=member(data, "method", str),
        source=read_source(member(data, "source", str)),
    )


def read_config(data, scheme):
    """Reads the settings. All of them must have the right type."""
    kinds = {entry.name: entry.type for entry in fields(Config)}
    for name, value in data.items():
        if name not in kinds or (value is not None and type(value) is not kinds[name]):
            raise refused("VCP_E004", "config", name)
        if scheme == "hmac" and value is not None and value not in WORDS.get(name, (value,)):
            raise refused("VCP_E004", "config", name)
    config = Config(**{name: value for name, value in data.items() if value is not None})
    if any(type(entry) is not str for entry in config.allow_from or []):
        raise refused("VCP_E004", "config", "allow_from")
    return config


def pair(entry):
    """Reads a header: a pair of a name and a value."""
    is_pair = isinstance(entry, list) and len(entry) == 2
    if not is_pair or not all(isinstance(part, str) for part in entry):
        raise refused("VCP_E004", "headers")
    return entry


def secret(entry):
    """Reads a secret: an object with `id` and `secret`."""
    if not isinstance(entry, dict):
        raise refused("VCP_E004", "secrets")
    return required(entry, "id", str), required(entry, "secret", str)


def read_now(data):
    """Returns the current time in milliseconds."""
    required(data, "now", str)
    return time(data, "now").instant() // 1_000_000


def read_source(text):
    """Returns the address of the sender. An IPv4-mapped one is its IPv4 address."""
    if text is None:
        return None
    address = read_address(text)
    if address is None:
        raise refused("VCP_E004", "source")
    return unmapped(address)


def scheme_of(request):
    """Returns the scheme of the request or of its provider (step 1 of SIGNATURES.md 3)."""
    if request.scheme is not None:
        return request.scheme
    name = fold(request.provider)
    if name not in SCHEMES_OF_PROVIDERS:
        raise refused("VCP_E009", "provider")
    return SCHEMES_OF_PROVIDERS[name]
