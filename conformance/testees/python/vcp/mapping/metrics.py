"""The metrics of a conversation (MAPPING.md 6)."""

from fractions import Fraction

from ..numbers import half_up
from ..texts import count_words
from ..times import SECOND
from .fields import METRICS
from .list_transforms import percentile

TOLERANCE = 2 * SECOND
LONGEST_GAP = 30 * SECOND
ABSOLUTE_FROM = 1_000_000_000 * SECOND
LATENCY = "agent_latency_ms"
SIDES = ("user", "agent")
OTHER = {"user": "agent", "agent": "user"}


def r3(number):
    """Rounds half up to three decimals, exactly."""
    return half_up(Fraction(number), 3)


class Metrics:
    """Computes the metrics that no rule wrote."""

    def __init__(self, conversation, fields, report):
        """Keeps the conversation, and what rules wrote."""
        self.conversation, self.fields, self.report = conversation, fields, report
        self.turns = [turn for turn in conversation.turns if turn.side != "person"]
        self.timed = bool(self.turns) and all(
            turn.start is not None and turn.end is not None for turn in self.turns
        )
        self.values = {}

    def compute(self):
        """Returns the metrics by their names."""
        self.count_turns()
        self.count_tools()
        self.measure_talk()
        for side in SIDES:
            self.set(f"{side}_interruptions", self.interruptions(side))
        self.measure_latency()
        written = self.fields.below(METRICS)
        return {name: value for name, value in self.values.items() if name not in written}

    def set(self, name, value):
        """Sets a metric that is known."""
        if value is not None:
            self.values[name] = value

    def of_side(self, side):
        """Returns the turns of a side."""
        return [turn for turn in self.turns if turn.side == side]

    def count_turns(self):
        """Counts turns, if a list that was read can hold speech."""
        if self.conversation.can_hold_speech:
            self.set("total_turns", len(self.turns))
            for side in SIDES:
                self.set(f"{side}_turns", len(self.of_side(side)))

    def count_tools(self):
        """Counts tool calls, and those whose result failed."""
        calls = self.conversation.calls
        if calls or self.conversation.counts_tools:
            failed = [call for call in calls if call.result and not call.result.succeeded]
            self.set("tool_calls", len(calls))
            self.set("tool_errors", len(failed))

    def measure_talk(self):
        """Measures talk, speed and their ratio, and reports impossible times."""
        talk, too_long = {}, False
        duration = self.fields.value("call.duration_sec")
        for side in SIDES if self.timed else ():
            length = sum(turn.length for turn in self.of_side(side))
            if duration is not None and length > duration * SECOND + TOLERANCE:
                too_long = True
                self.report.problem("VCP_E001", self.conversation.source)
            else:
                talk[side] = Fraction(length)
        for side, length in talk.items():
            self.set(f"{side}_talk_sec", r3(length / SECOND))
            words = sum(count_words(turn.text) for turn in self.of_side(side))
            if length:
                self.set(f"{side}_wpm", r3(60 * words * SECOND / length))
        if len(talk) == 2 and talk["user"]:
            self.set("talk_ratio", r3(talk["agent"] / talk["user"]))
        if not too_long and self.starts_after_the_end():
            self.report.problem("VCP_E001", self.conversation.source)

    def starts_after_the_end(self):
        """Says whether a turn starts more than 2 s after the end of the call."""
        starts = [turn.start for turn in self.turns if turn.start is not None]
        if not starts:
            return False
        latest = max(starts)
        if latest > ABSOLUTE_FROM:
            end = self.fields.value("call.end_time")
            return end is not None and latest > end.nanoseconds + TOLERANCE
        duration = self.fields.value("call.duration_sec")
        return duration is not None and latest > duration * SECOND + TOLERANCE

    def interruptions(self, side):
        """Counts how often a side cut the other off, by flags or by times."""
        flags = [flag for other, flag in self.conversation.flags if other == OTHER[side]]
        if flags:
            return flags.count(True)
        return self.interruptions_by_times(side) if self.timed else None

    def interruptions_by_times(self, side):
        """Counts the turns of a side that start before the other side has ended."""
        count, latest_end = 0, None
        for turn in self.by_start():
            if turn.side == side:
                count += latest_end is not None and turn.start < latest_end
            elif latest_end is None or turn.end > latest_end:
                latest_end = turn.end
        return count

    def by_start(self):
        """Returns the turns by their start."""
        return sorted(self.turns, key=lambda turn: turn.start)

    def measure_latency(self):
        """Measures the latency of answers, unless a rule wrote a metric of it."""
        if any(name.startswith(LATENCY) for name in self.fields.below(METRICS)):
            return
        found = self.conversation.latencies or (self.gaps() if self.timed else [])
        if found:
            found = [Fraction(value * 1000, SECOND) for value in found]
            self.set(f"{LATENCY}_avg", r3(sum(found) / len(found)))
            self.set(f"{LATENCY}_p50", r3(percentile(found, 50)))
            self.set(f"{LATENCY}_p95", r3(percentile(found, 95)))

    def gaps(self):
        """Returns the gaps between the user's speech and the answers, in nanoseconds."""
        gaps, user_end = [], None
        for turn in self.by_start():
            if turn.side == "user":
                user_end = turn.end if user_end is None else max(user_end, turn.end)
            elif user_end is not None and turn.start >= user_end:
                gaps.append(turn.start - user_end)
                user_end = None
        return [gap for gap in gaps if gap <= LONGEST_GAP]
