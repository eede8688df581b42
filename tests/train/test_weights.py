"""Weights go to safetensors files and come from them, also PyTorch's; a file that does not fit is told in words."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autorecur as ar
from tests.train.stored.cases import same_numbers

STORED = Path(__file__).parent / "stored" / "lstm.safetensors"


class Pair(ar.nn.Module):
    def __init__(self) -> None:
        self.first = ar.nn.Parameter([[1.0, 2.0]])
        self.second = self.first


def test_weights_come_back_as_they_were(tmp_path: Path) -> None:
    """Every number, its dtype, and nothing else; nobody's file is left beside it."""
    for model in (ar.nn.LSTM(3, 4, num_layers=2), ar.nn.GRU(2, 3).float()):
        ar.train.save_weights(model, tmp_path / "w.safetensors")
        other = type(model)(*((3, 4, 2) if isinstance(model, ar.nn.LSTM) else (2, 3)))
        if next(model.parameters()).dtype == np.float32:
            other.float()
        assert ar.train.load_weights(other, tmp_path / "w.safetensors") == ([], [])
        for name, array in model.state_dict().items():
            assert other.state_dict()[name].dtype == array.dtype
            np.testing.assert_array_equal(other.state_dict()[name], array)
    assert [path.name for path in tmp_path.iterdir()] == ["w.safetensors"]


def test_a_file_of_pytorch_loads_without_it() -> None:
    """What ``safetensors.torch.save_file(torch.nn.LSTM(…).state_dict(), …)`` wrote, here in bfloat16, float16 and float32."""
    layer = ar.nn.LSTM(3, 2)
    ar.train.load_weights(layer, STORED)
    assert same_numbers(layer)


def test_weights_go_to_pytorch_and_come_back(tmp_path: Path) -> None:
    """``safetensors.torch`` reads what is written here, and the other way round."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    from safetensors.torch import load_file, save_file

    own, theirs = ar.nn.LSTM(3, 4, bidirectional=True), torch.nn.LSTM(3, 4, bidirectional=True).double()
    ar.train.save_weights(own, tmp_path / "own.safetensors")
    theirs.load_state_dict(load_file(tmp_path / "own.safetensors"))
    x = np.random.default_rng(0).standard_normal((5, 2, 3))
    np.testing.assert_allclose(own(x)[0].numpy(), theirs(torch.tensor(x))[0].numpy(force=True), atol=1e-12)
    fresh = torch.nn.LSTM(3, 4, bidirectional=True).double()
    save_file(fresh.state_dict(), tmp_path / "theirs.safetensors")
    ar.train.load_weights(own, tmp_path / "theirs.safetensors")
    np.testing.assert_allclose(own(x)[0].numpy(), fresh(torch.tensor(x))[0].numpy(force=True), atol=1e-12)


def test_a_shared_parameter_may_stand_in_the_file_once(tmp_path: Path) -> None:
    """As ``safetensors.torch.save_model`` stores it."""
    from safetensors.numpy import save_file

    save_file({"second": np.array([[3.0, 4.0]])}, tmp_path / "w.safetensors")
    model = Pair()
    ar.train.load_weights(model, tmp_path / "w.safetensors")
    assert model.first.tolist() == [[3.0, 4.0]]


def test_another_model_is_told_by_its_keys_and_shapes(tmp_path: Path) -> None:
    """Which names are missing, left over, nearly the same; which shapes differ; and nothing has changed."""
    path = tmp_path / "w.safetensors"
    ar.train.save_weights(ar.nn.GRU(3, 4), path)
    own = ar.nn.LSTM(3, 4, num_layers=2)
    before = own.state_dict()
    with pytest.raises(ar.train.CheckpointError) as caught:
        ar.train.load_weights(own, path)
    message = str(caught.value)
    assert message.startswith(f"{path} holds another model than this LSTM: the file lacks 'weight_ih_l1', ")
    assert "'weight_hh_l0' is (12, 4) in the file and (16, 4) here" in message
    ar.train.save_weights(Pair(), path)
    single = ar.nn.Module()
    single.firsts = ar.nn.Parameter([[0.0, 0.0]])
    with pytest.raises(ar.train.CheckpointError, match=r"the model lacks 'first' \(is it 'firsts'\?\), 'second'"):
        ar.train.load_weights(single, path)
    for name, array in own.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_long_lists_of_names_are_cut(tmp_path: Path) -> None:
    """Six names and how many more."""
    ar.train.save_weights(ar.nn.GRU(3, 4, num_layers=4), tmp_path / "w")
    with pytest.raises(ar.train.CheckpointError, match=r"the model lacks ('\w+', ){5}'\w+' and 6 more$"):
        ar.train.load_weights(ar.nn.GRU(3, 4), tmp_path / "w")


def test_not_strict_takes_what_fits(tmp_path: Path) -> None:
    """Names that are missing or left over are returned; shapes must fit all the same."""
    ar.train.save_weights(ar.nn.GRU(3, 4), tmp_path / "w")
    own = ar.nn.GRU(3, 4, num_layers=2)
    assert len(ar.train.load_weights(own, tmp_path / "w", strict=False).missing_keys) == 4
    with pytest.raises(ar.train.CheckpointError, match=re.escape("'bias_ih_l0' is (12,) in the file and (15,) here")):
        ar.train.load_weights(ar.nn.GRU(3, 5), tmp_path / "w", strict=False)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "there is no file"),
        (b"", "is damaged: it is empty"),
        (b"\x80\x02}q\x00.", "is no safetensors file"),
        (b"PK\x03\x04" + bytes(60), "is no safetensors file"),
        (b"\x10" + bytes(7) + b'{"w": {', "is damaged: it ends within its header"),
        (b"\x07" + bytes(7) + b'{"w": [', "is damaged: its header makes no sense"),
    ],
)
def test_what_is_no_file_of_weights_is_told(content: bytes | None, message: str, tmp_path: Path) -> None:
    """Missing, empty, a pickle, a zip, cut off in its header: one sentence each, and nothing is unpickled."""
    path = tmp_path / "w"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ar.train.CheckpointError, match=message):
        ar.train.load_weights(ar.nn.RNN(1, 1), path)


def test_a_cut_file_says_how_much_is_there(tmp_path: Path) -> None:
    """Bytes that are there, and bytes that were written."""
    path = tmp_path / "w"
    ar.train.save_weights(ar.nn.RNN(2, 3), path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-5])
    with pytest.raises(
        ar.train.CheckpointError, match=f"it has {len(whole) - 5:,} bytes where {len(whole):,} were written"
    ):
        ar.train.load_weights(ar.nn.RNN(2, 3), path)


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """A folder, a folder that does not exist."""
    for path, message in ((tmp_path, "is a folder"), (tmp_path / "none" / "w", "there is no folder")):
        with pytest.raises(ar.train.CheckpointError, match=message):
            ar.train.save_weights(ar.nn.RNN(1, 1), path)


@pytest.mark.parametrize("act", [ar.train.save_weights, ar.train.load_weights])
def test_weights_are_those_of_a_module(act: Any) -> None:
    """A dict is none."""
    with pytest.raises(ar.DtypeError, match=r"of an ar\.nn\.Module, not of dict|an ar\.nn\.Module, not to dict"):
        act({}, "w")
