"""The order of work of `map` (MAPPING.md 2, RULES.md 10)."""

from dataclasses import dataclass

from .. import requests
from ..faults import Refused
from ..read import LONGEST_TEXT, MOST_MEMBERS
from ..texts import trim
from . import consulted, plausible
from .apply_rules import RuleRunner
from .conversation import ConversationReader, transcript_of
from .delivery import NotACall, idempotency_key, missing_members, read_body, recognise
from .fields import Fields, Value
from .json_out import count_parts, write_json
from .looked_at import LookedAt
from .message import MessageWriter
from .metrics import Metrics
from .model_lists import ModelReader
from .records import RecordReader
from .report import Report
from .rule_files import find_provider
from .secrets import Masker
from .unread import UnreadFinder

PAYLOAD = "$.vcp_payload."
TRANSCRIPT = "artifacts.transcript"
CONSENT_DEFAULTS = ("granted", "pending", "omit")


@dataclass(frozen=True)
class Options:
    """The options of a request (README.md, "The protocol")."""

    consent_default: str = "granted"
    keep_secrets: bool = False
    keep_audio: bool = True


def map_delivery(request):
    """Answers a request `map`."""
    try:
        return {"ok": mapped(request)}
    except NotACall as answer:
        return {"ok": {"not_a_call": answer.event}}


def mapped(request):
    """Maps a delivery, and returns the members of `ok`."""
    options = read_options(requests.member(request, "options", dict) or {})
    received_at = received_time(request)
    provider = find_provider(requests.required(request, "provider", str))
    if provider is None:
        raise Refused("VCP_E009")
    delivery = recognise(provider, read_body(requests.content(request)))
    return Mapping(delivery, options, received_at).answer()


def received_time(request):
    """Reads `received_at` (MAPPING.md 2, rows 1 and 2)."""
    requests.required(request, "received_at", str)
    time = requests.time(request, "received_at").time()
    if not time.in_range:
        raise Refused("VCP_E001")
    return time


def read_options(data):
    """Reads the options of a request."""
    types = {name: type(field.default) for name, field in Options.__dataclass_fields__.items()}
    given = {name: value for name, value in data.items() if value is not None}
    are_good = data.keys() <= types.keys() and all(type(given[n]) is types[n] for n in given)
    options = Options(**given) if are_good else None
    if options is None or options.consent_default not in CONSENT_DEFAULTS:
        raise requests.refused("VCP_E004", "options")
    return options


class Mapping:
    """The mapping of one delivery."""

    def __init__(self, delivery, options, received_at):
        """Starts with empty fields and an empty report."""
        self.delivery, self.options, self.received_at = delivery, options, received_at
        self.fields, self.report = Fields(), Report()
        self.looked_at = LookedAt(delivery)

    def answer(self):
        """Does the steps of MAPPING.md 2 and returns the answer."""
        delivery, fields, report, looked_at = (
            self.delivery,
            self.fields,
            self.report,
            self.looked_at,
        )
        consulted.look_at_conditions(delivery, looked_at)
        ModelReader(delivery, fields, report, looked_at).run()
        copies = self.masker(self.secrets())
        RuleRunner(delivery, fields, report, looked_at, copies.copy).run()
        RecordReader(delivery, fields, report, looked_at).run()
        conversation, metrics = self.read_conversation()
        lists = self.lists()
        masker = self.masker(self.secrets() + self.audio()) if self.audio() else copies
        writer = MessageWriter(delivery, fields, conversation, self.options, self.received_at)
        message = writer.write(metrics, masker.copy(delivery.root))
        plausible.check(fields, writer.models, report)
        answer = {
            "message_text": checked_text(message),
            "event": delivery.event.name,
            **lists,
            "masked": masker.pointers,
            "defaults": [PAYLOAD + target for target in writer.defaults],
            "problems": report.problems,
            "unknown_words": report.unknown_list(),
        }
        key = idempotency_key(delivery)
        return answer if key is None else {**answer, "idempotency_key": key}

    def masker(self, patterns):
        """Finds what patterns mask in the payload."""
        return Masker(self.delivery.root, patterns)

    def secrets(self):
        """Returns the patterns for `data` and for the copies beside it (MAPPING.md 12)."""
        return [] if self.options.keep_secrets else self.delivery.provider.secrets

    def audio(self):
        """Returns the patterns for `data` alone."""
        audio = self.delivery.provider.audio
        return ["$." + audio] if audio and not self.options.keep_audio else []

    def read_conversation(self):
        """Reads the conversation, and returns it with its metrics."""
        reader = ConversationReader(self.delivery, self.fields, self.report, self.looked_at)
        conversation = reader.run()
        metrics = Metrics(conversation, self.fields, self.report).compute()
        text = self.fields.value(TRANSCRIPT) if TRANSCRIPT in self.fields.written else None
        if conversation.turns and not (text and trim(text)):
            self.fields.values[TRANSCRIPT] = Value(transcript_of(conversation.turns))
        return conversation, metrics

    def lists(self):
        """Returns the lists of the report about members of the payload."""
        delivery, fields, report = self.delivery, self.fields, self.report
        superseded = {
            pointer: head
            for pointer, head in report.superseded.items()
            if pointer not in fields.sources
        }
        finder = UnreadFinder(delivery, self.looked_at, superseded, report)
        finder.run()
        unread = dict.fromkeys([*finder.unread, *self.not_attributed()])
        consulted.check_words(delivery, report)
        counts = finder.in_lists.items()
        return {
            "unread": list(unread),
            "superseded": list(superseded),
            "consulted": consulted.consulted_list(
                delivery, report, fields, superseded, finder.is_ignored
            ),
            "in_lists": [{"pointer": pointer, "count": count} for pointer, count in counts],
            "missing": missing_members(delivery),
        }

    def not_attributed(self):
        """Returns the figures of roles without a model, unless another field has them."""
        return [p for p in self.fields.not_attributed if p not in self.fields.sources]


def checked_text(message):
    """Writes the message. One beyond the limits is refused (MAPPING.md 2, row 13)."""
    text = write_json(message)
    if count_parts(message) > MOST_MEMBERS or len(text.encode("utf-8")) > LONGEST_TEXT:
        raise Refused("VCP_E008")
    return text
