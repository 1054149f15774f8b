"""The operation `verify`: whether a delivery was signed with one of the secrets (SIGNATURES.md)."""

from .check import verify

__all__ = ["verify"]
