"""A reproducible study of the outcomes of Transforming Rehabilitation, and the library it stands on."""

__version__ = "0.1.0"
