"""Values across the border between judge and worker: framing, and strict encoding and decoding.

A frame is a fixed prefix (magic, header length, body length), a msgpack header, and a body of raw array
bytes. The magic says what it is: a request or its reply, or what student code asks of the solved package
while a request is under way. The header holds the value as nested lists with a tag in front; an array is a
tag, a dtype name and a shape, and its bytes follow in the body in the same order. Nothing is ever pickled or
evaluated.

Both sides use this file. Only the judge's side has to withstand an enemy: `unpack` checks every length
before it allocates, and builds plain arrays of a few numeric dtypes and nothing else.
"""

import math
import struct
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import msgpack
import numpy as np

MAGIC = b"CSW1"  # a request, a reply
ASK = b"CSA1"  # a call of what stands outside the student's process, see `library`
PREFIX = struct.Struct("<4sIQ")
MAX_HEADER = 8 << 20  # bytes
MAX_ITEMS = 200_000  # values in one frame, arrays counting as one
MAX_HEADER_UNCOUNTED = MAX_ITEMS  # bytes: a value takes one at least, so that there cannot be too many
MAX_DEPTH = 32
MAX_DIMS = 32
MAX_EXTENT = 1 << 40  # product of an array's axes, empty ones counted as one
ALIGN = 64  # so that arrays rebuilt in place are aligned for every dtype

DTYPES = {
    name: np.dtype("<" + name if name[1] != "1" else name)
    for name in ("b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8")
}


NAMES = {dtype: name for name, dtype in DTYPES.items()}
SHORT = 1 << 12  # bytes of an array that are copied sooner than looked at
SHORT_FRAME = 1 << 14  # bytes of a frame that are put together sooner than sent in pieces
PLAIN = frozenset((type(None), bool, float, str))  # cross as they are; whole numbers do, if they are small
READY = PLAIN | {int}  # as they stand in a header that has come
KEYS = frozenset((str, int))  # of a dict
ATOMS = READY | {np.ndarray}  # hold no other value


class WireError(ValueError):
    """A value that cannot cross, or a frame that breaks the rules. The message is safe for students."""


class TooMuch(WireError):
    """A value of allowed types, but too large to cross."""


@dataclass(frozen=True)
class Handle:
    """Stands for an object that stays in the worker."""

    number: int
    era: int = 0  # the case it belongs to; known to the judge only


def with_handles(value: Any, of: Callable[[Handle], Any]) -> Any:
    """`value` with `of(handle)` in place of each handle in it."""
    if isinstance(value, Handle):
        return of(value)
    if isinstance(value, list | tuple):
        return type(value)([v if type(v) in ATOMS else with_handles(v, of) for v in value])
    if isinstance(value, dict):
        return {key: v if type(v) in ATOMS else with_handles(v, of) for key, v in value.items()}
    return value


def itself(value: Any) -> Handle | None:
    return value if isinstance(value, Handle) else None


def pack(
    value: Any,
    max_body: int = 1 << 40,
    magic: bytes = MAGIC,
    handle_of: Callable[[Any], Handle | None] = itself,
) -> list[bytes | memoryview]:
    """The buffers of one frame that holds `value`, arrays of at most `max_body` bytes together.

    `handle_of` gives what crosses in place of an object of no type that may.

    Raises:
        WireError: the value, or something in it, is of no type that may cross.
    """
    writer = _Writer(max_body, handle_of)
    [tree] = writer.each([value], 0)
    try:
        header = msgpack.packb(tree, use_bin_type=True)
    except UnicodeEncodeError:
        raise WireError("a text with characters that are no valid Unicode") from None
    if len(header) > MAX_HEADER:
        raise TooMuch(f"more than {MAX_HEADER >> 20} MB of numbers and text outside arrays")
    prefix = PREFIX.pack(magic, len(header), writer.size)
    if len(header) + writer.size <= SHORT_FRAME:
        return [b"".join((prefix, header, *writer.body))]
    return [prefix, header, *writer.body]


class _Writer:
    def __init__(self, max_body: int, handle_of: Callable[[Any], Handle | None]) -> None:
        self.max_body, self.handle_of = max_body, handle_of
        self.body: list[bytes | memoryview] = []
        self.size = 0
        self.items = 0

    def each(self, values: Collection[Any], depth: int) -> list[Any]:
        """What stands for each of these values; a call for each one would take twice the time."""
        self.items += len(values)
        if depth > MAX_DEPTH and values:
            raise TooMuch(f"values nested more than {MAX_DEPTH} deep")
        if self.items > MAX_ITEMS:
            raise TooMuch(f"more than {MAX_ITEMS:,} values outside arrays")
        return [value if type(value) in PLAIN else self.tree(value, depth) for value in values]

    def tree(self, value: Any, depth: int) -> Any:
        kind = type(value)
        if kind is np.ndarray:
            return self.array(value)
        if kind is int:
            return _whole(value)
        if isinstance(value, list):
            return ["l", *self.each(value, depth + 1)]
        if isinstance(value, tuple):
            return ["t", *self.each(value, depth + 1)]
        if isinstance(value, dict):
            found: list[Any] = ["d"] * (1 + 2 * len(value))
            found[1::2] = [key if type(key) is str else self.key(key) for key in value]
            found[2::2] = self.each(value.values(), depth + 1)
            return found
        if isinstance(value, np.generic | np.ndarray) and not isinstance(value, np.str_):
            return self.array(value)
        if value is None or isinstance(value, bool | float | str | int):
            return _plain(value)
        handle = self.handle_of(value)
        if handle is None:
            raise WireError(f"a value of type {_type_name(value)}; {_ALLOWED}")
        return ["h", handle.number]

    def key(self, key: Any) -> str | int:
        if isinstance(key, np.integer):
            key = int(key)
        if isinstance(key, bool) or not isinstance(key, str | int):
            raise WireError(f"a dict with a key of type {_type_name(key)}; use text or whole numbers")
        plain: str | int = _plain(key)
        return plain

    def array(self, value: "np.ndarray | np.generic") -> list[Any]:
        scalar = isinstance(value, np.generic)
        if not scalar and type(value) is not np.ndarray:
            raise WireError(f"an array of type {_type_name(value)}; return a plain NumPy array")
        known = NAMES.get(value.dtype)
        name = known or f"{value.dtype.kind}{value.dtype.itemsize}"
        if name not in DTYPES:
            raise WireError(
                f"an array of dtype {value.dtype}; only bool, whole numbers and floats may be returned"
            )
        if value.ndim > MAX_DIMS:
            raise WireError(f"an array with {value.ndim} dimensions; at most {MAX_DIMS} are allowed")
        nbytes = value.nbytes
        if self.size + nbytes > self.max_body:
            raise WireError(
                f"{value.size:,} values in an array; at most {self.max_body >> 20} MB may be returned"
            )
        if known and 0 < nbytes <= SHORT:
            self.body.append(value.tobytes())
            self.pad(nbytes)
        elif nbytes:
            plain = np.asarray(value, dtype=DTYPES[name], order="C")
            self.body.append(plain.reshape(-1).view(np.uint8).data)
            self.pad(nbytes)
        return ["s" if scalar else "a", name, *value.shape]

    def pad(self, size: int) -> None:
        gap = -size % ALIGN
        if gap:
            self.body.append(bytes(gap))
        self.size += size + gap


_ALLOWED = "only None, numbers, text, NumPy arrays, and lists, tuples and dicts of them may be returned"


def _type_name(value: Any) -> str:
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _plain(value: Any) -> Any:
    """`value` without the subclass it may be of (np.str_, IntEnum, ...)."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, float):
        return float(value)
    if isinstance(value, str):
        return str(value)
    return _whole(int(value))


def _whole(whole: int) -> int:
    if not -(2**63) <= whole < 2**64:
        raise WireError("a whole number of more than 64 bits")
    return whole


def is_finite(value: Any) -> bool:
    """Whether no number in a decoded value is NaN or infinite."""
    if isinstance(value, np.ndarray):
        return value.dtype.kind != "f" or bool(np.logical_and.reduce(np.isfinite(value), axis=None))
    if isinstance(value, float | np.floating):
        return math.isfinite(value)
    if isinstance(value, list | tuple):
        return all(map(is_finite, value))
    return all(map(is_finite, value.values())) if isinstance(value, dict) else True


def sizes(prefix: bytes, max_body: int, kind: bytes = MAGIC) -> tuple[int, int]:
    """Lengths of header and body, from the prefix of a frame of this kind.

    Raises:
        WireError: no frame of ours, or one that is too long.
    """
    magic, header, body = PREFIX.unpack(prefix)
    if magic != kind:
        raise WireError("bytes that are no reply")
    if header > MAX_HEADER or body > max_body:
        what = "a reply" if kind == MAGIC else "arguments for what it builds on"
        raise WireError(f"{what} of more than {max_body >> 20} MB")
    return header, body


def unpack(header: bytes, body: memoryview, copy: bool = False, kept: Callable[[int], Any] = Handle) -> Any:
    """The value in a frame; arrays are read-only views of `body`, or with `copy` arrays of their own.

    `kept` makes what stands for an object that stayed where the frame comes from.

    Raises:
        WireError: anything at all is out of order.
    """
    count = _Count()
    long = len(header) > MAX_HEADER_UNCOUNTED
    try:
        tree = msgpack.unpackb(
            header,
            raw=False,
            use_list=True,
            list_hook=count.take if long else None,
            strict_map_key=True,
            max_array_len=MAX_ITEMS + MAX_DIMS + 2,
            max_map_len=0,
            max_bin_len=0,
            max_ext_len=0,
        )
    except WireError:
        raise
    except Exception as error:  # msgpack raises many kinds, and all mean the same here
        raise WireError(f"a reply that cannot be read ({type(error).__name__})") from None
    reader = _Body(body, copy, kept)
    [value] = reader.each([tree], 0)
    if reader.offset != len(body):
        raise WireError("a reply with bytes that belong to no array")
    return value


class _Count:
    """Stops msgpack early: a list takes sixty times the memory of the byte that announces it."""

    def __init__(self) -> None:
        self.items = 0

    def take(self, items: list[Any]) -> list[Any]:
        self.items += 1 + len(items)
        if self.items > 4 * MAX_ITEMS:  # a value may take a tag, and an array its dtype and shape
            raise WireError("a reply that has too many values")
        return items


class _Body:
    def __init__(self, body: memoryview, copy: bool, kept: Callable[[int], Any]) -> None:
        self.body = body if copy else body.toreadonly()
        self.copy = copy
        self.kept = kept
        self.offset = 0
        self.items = 0

    def each(self, nodes: list[Any], depth: int) -> list[Any]:
        self.items += len(nodes)
        if (depth > MAX_DEPTH and nodes) or self.items > MAX_ITEMS:
            raise WireError("a reply that is nested too deep or has too many values")
        return [node if type(node) in READY else self.value(node, depth) for node in nodes]

    def value(self, node: Any, depth: int) -> Any:
        if type(node) is not list or not node or type(node[0]) is not str:
            raise WireError("a reply with an unknown kind of value")
        tag, items = node[0], node[1:]
        if tag in ("a", "s"):
            return self.array(tag, items)
        if tag == "t":
            return tuple(self.each(items, depth + 1))
        if tag == "d":
            return self.mapping(items, depth)
        if tag == "l":
            return self.each(items, depth + 1)
        if tag == "h" and len(items) == 1 and type(items[0]) is int and 0 <= items[0] < 2**63:
            return self.kept(items[0])
        raise WireError("a reply with an unknown kind of value")

    def mapping(self, items: list[Any], depth: int) -> dict[str | int, Any]:
        keys = items[::2]
        if len(items) % 2 or not KEYS.issuperset(map(type, keys)) or len(set(keys)) != len(keys):
            raise WireError("a reply with a broken dict")
        return dict(zip(keys, self.each(items[1::2], depth + 1), strict=True))

    def array(self, tag: str, items: list[Any]) -> Any:
        name, shape = (items[0], tuple(items[1:])) if items else (None, ())
        if type(name) is not str or name not in DTYPES or len(shape) > MAX_DIMS or (tag == "s" and shape):
            raise WireError("a reply with a broken array")
        dtype = DTYPES[name]
        count = extent = 1
        for size in shape:
            if type(size) is not int or size < 0:
                raise WireError("a reply with a broken array shape")
            count *= size
            extent *= max(size, 1)  # an empty array may still claim axes of any length
        if count * dtype.itemsize > len(self.body) - self.offset or extent > MAX_EXTENT:
            raise WireError("a reply with an array longer than its bytes")
        array = self.build(dtype, count, shape)
        return array[()] if tag == "s" else array

    def build(self, dtype: np.dtype, count: int, shape: tuple[int, ...]) -> np.ndarray:
        size = count * dtype.itemsize
        flat = np.frombuffer(self.body, dtype, count, self.offset) if count else np.empty(0, dtype)
        if dtype.kind == "b" and count and flat.view(np.uint8).max() > 1:
            raise WireError("a reply with a bool array that holds other bytes than 0 and 1")
        self.offset += size + (-size % ALIGN)
        if self.offset > len(self.body):
            raise WireError("a reply with an array longer than its bytes")
        array = flat.reshape(shape)
        if self.copy:
            return array.copy()
        if not count:  # the others are as the body is, which may not be written to
            array.flags.writeable = False
        return array
