"""The border between judge and worker: what crosses it, and that nothing else does."""

import enum
import math

import msgpack
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograder.sandbox import wire


def frame(value, **options):
    return b"".join(bytes(part) for part in wire.pack(value, **options))


def opened(data, copy=False):
    header, body = wire.sizes(data[: wire.PREFIX.size], 1 << 20)
    rest = data[wire.PREFIX.size :]
    return wire.unpack(rest[:header], memoryview(bytearray(rest[header : header + body])), copy)


def there_and_back(value, copy=False):
    return opened(frame(value), copy)


def same(one, other) -> bool:
    if isinstance(one, np.ndarray | np.generic):
        return (
            type(one) is type(other)
            and one.dtype == other.dtype
            and one.shape == other.shape
            and np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
        )
    if isinstance(one, float):
        return isinstance(other, float) and (one == other or (math.isnan(one) and math.isnan(other)))
    if isinstance(one, list | tuple):
        return type(one) is type(other) and len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return type(other) is dict and list(one) == list(other) and all(same(one[k], other[k]) for k in one)
    return type(one) is type(other) and one == other


arrays = st.sampled_from(list(wire.DTYPES.values())).flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
)
plain = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(),
    st.text(st.characters(exclude_categories=["Cs"])),
    arrays,
    arrays.map(lambda array: array.reshape(-1)[0] if array.size else None),
    st.integers(0, 2**62).map(wire.Handle),
)
keys = st.one_of(st.text(st.characters(exclude_categories=["Cs"])), st.integers(-(2**63), 2**63 - 1))
values = st.recursive(
    plain,
    lambda inner: st.one_of(
        st.lists(inner), st.lists(inner).map(tuple), st.dictionaries(keys, inner, max_size=4)
    ),
    max_leaves=12,
)


@given(values)
def test_values_come_back_as_they_went(value):
    assert same(value, there_and_back(value))
    assert same(value, there_and_back(value, copy=True))


def all_arrays(value):
    if isinstance(value, np.ndarray):
        yield value
    for item in (
        value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    ):
        yield from all_arrays(item)


@given(values)
def test_the_judges_arrays_are_read_only_and_plain(value):
    for array in all_arrays(there_and_back(value)):
        assert type(array) is np.ndarray
        assert not array.flags.writeable
        if array.size:
            with pytest.raises(ValueError, match="WRITEABLE"):
                array.flags.writeable = True


def test_the_workers_arrays_are_its_own():
    one, two = there_and_back([np.zeros(3), np.zeros(3)], copy=True)
    one += 1
    assert one.flags.owndata
    assert two.sum() == 0


# What an enemy may send: any bytes, near misses, and trees with the right tags in the wrong places.

tags = st.sampled_from(["a", "s", "t", "l", "d", "h", "f4", "f8", "b1", "O", "f16", "x"])
numbers = st.one_of(st.integers(-2, 5), st.sampled_from([2**31, 2**40, 2**62, 2**63, -1, 10**12]))
trees = st.recursive(
    st.one_of(tags, numbers, st.floats(), st.booleans(), st.none(), st.binary(max_size=4)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=6), st.dictionaries(st.text(max_size=2), inner, max_size=3)
    ),
    max_leaves=20,
)


def is_plain(value) -> bool:
    if isinstance(value, list | tuple):
        return type(value) in (list, tuple) and all(map(is_plain, value))
    if isinstance(value, dict):
        return all(type(key) in (str, int) for key in value) and all(map(is_plain, value.values()))
    if isinstance(value, np.ndarray | np.generic):
        return value.dtype in wire.DTYPES.values() and (type(value) is np.ndarray or value.shape == ())
    return value is None or type(value) in (bool, int, float, str, wire.Handle)


def try_to_open(header: bytes, body: bytes) -> None:
    try:
        value = wire.unpack(header, memoryview(bytearray(body)))
    except wire.WireError:
        return
    assert is_plain(value)
    assert sum(array.nbytes for array in all_arrays(value)) <= len(body)


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_any_bytes_give_plain_values_or_a_refusal(header, body):
    try_to_open(header, body)


@settings(max_examples=300)
@given(trees, st.binary(max_size=300))
def test_any_tree_gives_plain_values_or_a_refusal(tree, body):
    try_to_open(msgpack.packb(tree), body)


@settings(max_examples=300)
@given(values, st.data())
def test_a_damaged_frame_gives_plain_values_or_a_refusal(value, data):
    damaged = bytearray(frame(value))
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    header, body = wire.PREFIX.unpack(bytes(damaged[: wire.PREFIX.size]))[1:]
    rest = bytes(damaged[wire.PREFIX.size :])
    try_to_open(rest[:header], rest[header : header + body])


@given(st.binary(min_size=wire.PREFIX.size, max_size=wire.PREFIX.size))
def test_any_prefix_gives_small_sizes_or_a_refusal(prefix):
    try:
        header, body = wire.sizes(prefix, 1 << 20)
    except wire.WireError:
        return
    assert header <= wire.MAX_HEADER
    assert body <= 1 << 20


REFUSED_FRAMES = {
    "not msgpack": (b"\xc1", b"", "cannot be read"),
    "more than one value": (b"\x01\x02", b"", "cannot be read"),
    "a map": (msgpack.packb({"a": 1}), b"", "cannot be read"),
    "bytes": (msgpack.packb(b"abc"), b"", "cannot be read"),
    "an unknown tag": (msgpack.packb(["x", 1]), b"", "unknown kind of value"),
    "no tag": (msgpack.packb([]), b"", "unknown kind of value"),
    "a negative handle": (msgpack.packb(["h", -1]), b"", "unknown kind of value"),
    "half a dict": (msgpack.packb(["d", "key"]), b"", "broken dict"),
    "a key twice": (msgpack.packb(["d", "k", 1, "k", 2]), b"", "broken dict"),
    "a list as key": (msgpack.packb(["d", ["l"], 1]), b"", "broken dict"),
    "no dtype": (msgpack.packb(["a"]), b"", "broken array"),
    "an object dtype": (msgpack.packb(["a", "O", 1]), bytes(64), "broken array"),
    "a scalar with a shape": (msgpack.packb(["s", "f8", 1]), bytes(64), "broken array"),
    "a negative axis": (msgpack.packb(["a", "f8", -1]), bytes(64), "broken array shape"),
    "a float axis": (msgpack.packb(["a", "f8", 1.0]), bytes(64), "broken array shape"),
    "more than its bytes": (msgpack.packb(["a", "f8", 9]), bytes(64), "longer than its bytes"),
    "no padding": (msgpack.packb(["a", "f8", 1]), bytes(8), "longer than its bytes"),
    "10^12 values": (msgpack.packb(["a", "f8", 10**6, 10**6]), bytes(64), "longer than its bytes"),
    "endless but empty": (msgpack.packb(["a", "f8", 0, 2**62, 2**62]), b"", "longer than its bytes"),
    "bytes of no array": (msgpack.packb(1), bytes(64), "belong to no array"),
    "a bool of 2": (msgpack.packb(["a", "b1", 2]), b"\x01\x02" + bytes(62), "other bytes than 0 and 1"),
    "33 axes": (msgpack.packb(["a", "f8", *[1] * 33]), bytes(64), "broken array"),
}


@pytest.mark.parametrize("name", REFUSED_FRAMES)
def test_frames_that_are_refused(name):
    header, body, message = REFUSED_FRAMES[name]
    with pytest.raises(wire.WireError, match=message):
        wire.unpack(header, memoryview(bytearray(body)))


def test_depth_and_count_are_capped():
    deep = 1
    for _ in range(wire.MAX_DEPTH + 2):
        deep = ["l", deep]
    with pytest.raises(wire.WireError, match="nested too deep"):
        wire.unpack(msgpack.packb(deep), memoryview(b""))
    wide = msgpack.packb(["l", *[["l", *[1] * 1000]] * (wire.MAX_ITEMS // 1000)])
    with pytest.raises(wire.WireError, match="too many values"):
        wire.unpack(wide, memoryview(b""))


def test_prefixes_that_are_refused():
    with pytest.raises(wire.WireError, match="no reply"):
        wire.sizes(wire.PREFIX.pack(b"HTTP", 1, 1), 10)
    with pytest.raises(wire.WireError, match="more than 1 MB"):
        wire.sizes(wire.PREFIX.pack(wire.MAGIC, 1, (1 << 20) + 1), 1 << 20)
    with pytest.raises(wire.WireError, match="a reply of more than"):
        wire.sizes(wire.PREFIX.pack(wire.MAGIC, wire.MAX_HEADER + 1, 0), 1 << 20)


class Own:
    pass


class Count(enum.IntEnum):
    ONE = 1


UNSENDABLE = {
    "an object": (Own(), "a value of type .*Own; only None, numbers, text"),
    "a set": ({1}, "a value of type set"),
    "bytes": (b"a", "a value of type bytes"),
    "complex": (1j, "a value of type complex"),
    "2^64": (2**64, "a whole number of more than 64 bits"),
    "surrogates": ("\ud800", "no valid Unicode"),
    "a float key": ({1.0: 1}, "a key of type float"),
    "a bool key": ({True: 1}, "a key of type bool"),
    "a subclass": (np.zeros(3).view(np.matrix), "type numpy.matrix; return a plain NumPy array"),
    "masked": (np.ma.zeros(3), r"type numpy.ma.*MaskedArray"),
    "objects": (np.array([None]), "dtype object; only bool, whole numbers and floats"),
    "complex array": (np.zeros(3, complex), "dtype complex128"),
    "text array": (np.array(["a"]), "dtype <U1"),
    "long double": (np.zeros(3, np.longdouble), "dtype float128|dtype longdouble"),
    "40 axes": (np.zeros((1,) * 40), "40 dimensions"),
    "10^12 values": (np.broadcast_to(0.0, (10**6, 10**6)), "1,000,000,000,000 values"),
}


@pytest.mark.parametrize("name", UNSENDABLE)
@pytest.mark.filterwarnings("ignore:the matrix subclass")
def test_values_that_cannot_be_sent(name):
    value, message = UNSENDABLE[name]
    with pytest.raises(wire.WireError, match=message):
        wire.pack({"value": [value]}, max_body=1 << 20)


def test_too_much_cannot_be_sent():
    with pytest.raises(wire.WireError, match="more than 200,000 values outside arrays"):
        wire.pack([0] * wire.MAX_ITEMS)
    with pytest.raises(wire.WireError, match="more than 8 MB of numbers and text"):
        wire.pack("x" * (wire.MAX_HEADER + 1))
    nested: list = []
    nested.append(nested)
    with pytest.raises(wire.WireError, match="nested more than 32 deep"):
        wire.pack(nested)
    with pytest.raises(wire.WireError, match="at most 1 MB"):
        wire.pack([np.zeros(1 << 16), np.zeros(1 << 17)], max_body=1 << 20)


def test_subclasses_of_plain_values_become_plain():
    value = there_and_back([Count.ONE, np.str_("a"), {np.int64(3): np.bool_(True)}])
    assert [type(item) for item in value] == [int, str, dict]
    assert [type(key) for key in value[2]] == [int]


def test_layouts_do_not_matter():
    array = np.arange(24.0).reshape(2, 3, 4)
    for odd in (array.T, array[:, ::2], np.asfortranarray(array), array.astype(">f8")):
        assert np.array_equal(there_and_back(odd), odd)
