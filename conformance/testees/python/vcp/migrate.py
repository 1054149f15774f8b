"""The operations `upgrade` and `downgrade` (MIGRATION.md)."""

from .dialects import VERSION_OF, find_dialect
from .faults import Refused
from .json_text import read_json
from .migrate_back import returned, way_back
from .migrate_down import plain, reversible
from .migrate_up import upgraded
from .read import parse, read_text
from .times import utc_text
from .write import written


def upgrade(data, now):
    """Upgrade a text to 0.5 (section 2)."""
    root = read_text(data)
    dialect = find_dialect(root)
    if dialect == "0.5":
        text, report = _read_again(root), []
    else:
        back = way_back(root) if dialect == "0.3" else None
        text, report = back or upgraded(root, dialect, now and utc_text(now))
    return {"from": VERSION_OF[dialect], **_result(text, report)}


def downgrade(data, mode):
    """Downgrade a text of 0.5 to an older version (section 4)."""
    root = read_text(data)
    parse(root)
    message = read_json(written(root))
    if mode == "plain":
        return _result(*plain(message))
    return _result(*(returned(message) or reversible(message)))


def _read_again(root):
    """Return a message of 0.5 as it is written. Its faults prevent the migration."""
    try:
        parse(root)
    except Refused as refusal:
        code = refusal.code if refusal.code == "VCP_E008" else "VCP_E003"
        raise Refused(code, refusal.path) from refusal
    return written(root)


def _result(text, report):
    """Return the members of an answer that both operations have."""
    return {"message_text": text, "report": [entry.answer() for entry in report]}
