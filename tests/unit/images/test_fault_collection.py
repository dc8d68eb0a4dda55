import pytest

from neumap.errors import CameraError, DataError, Fault
from neumap.images.fault_collection import CollectFaults


def test_the_faults_of_an_entry_are_kept_and_the_next_entry_is_read():
    faults = [Fault("a.txt", "first", "Fix.")]
    read = []
    for entry in (1, 0, 2):
        with CollectFaults(faults, of=f"a.txt, line {entry}"):
            if entry == 0:
                raise DataError("a.txt, field 3", "second", "Fix.")
            read.append(entry)
    assert read == [1, 2]
    assert [fault.reason for fault in faults] == ["first", "second"]


def test_a_fault_of_a_camera_gets_the_place_instead_of_the_model():
    faults = []
    with CollectFaults(faults, of="a.txt, line 4"):
        raise CameraError("camera PINHOLE", "bad", "Fix.")
    assert faults == [Fault("a.txt, line 4", "bad", "Fix.")]


def test_other_errors_go_on():
    with pytest.raises(KeyError), CollectFaults([], of="a.txt"):
        raise KeyError("x")
