"""What can go wrong."""

import enum


class Status(enum.IntEnum):
    """What the library answers, as in prnn.h."""

    OK = 0
    INVALID_ARGUMENT = 1
    BUFFER_TOO_SMALL = 2
    NOT_AN_ARCHIVE = 3
    TRUNCATED = 4
    DAMAGED = 5
    UNSUPPORTED = 6
    UNKNOWN_MODEL = 7
    BAD_MODEL = 8
    BAD_PNG = 9
    TOO_LARGE = 10
    NO_SUCH_IMAGE = 11
    CANCELLED = 12
    INTERNAL = 13

    @classmethod
    def _missing_(cls, value):
        # Of a later library.
        return cls.INTERNAL


class PRNNError(Exception):
    """Something that could not be done.

    Attributes:
        status: why, a ``Status``.
        text: what is wrong and what to do, in a line.
    """

    def __init__(self, status, text):
        super().__init__(status, text)
        self.status = status
        self.text = text

    def __str__(self):
        return self.text


class InvalidArgumentError(PRNNError, ValueError):
    """An argument that cannot be taken."""


class DamagedError(PRNNError):
    """An archive that is not as it was written."""


class TruncatedError(DamagedError):
    """An archive whose end is missing."""


_CLASSES = {
    Status.INVALID_ARGUMENT: InvalidArgumentError,
    Status.DAMAGED: DamagedError,
    Status.TRUNCATED: TruncatedError,
}


def error_of(status, text):
    """The error of a status that is not OK."""
    status = Status(status)
    return _CLASSES.get(status, PRNNError)(status, text)


def invalid(text):
    """The error of an argument."""
    return error_of(Status.INVALID_ARGUMENT, text)
