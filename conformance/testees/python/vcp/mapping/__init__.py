"""The operation `map`: a message and a report of a provider's delivery (MAPPING.md 2)."""

from .mapper import map_delivery

__all__ = ["map_delivery"]
