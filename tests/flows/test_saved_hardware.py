"""Hardware of every kind is on disk what it was, and reads that no deck has are refused."""

import dataclasses
import json

import numpy as np
import pytest

from pycosim.attention import AttentionHardware, DigitalTokens, LinearLaw
from pycosim.errors import ConfigurationError
from pycosim.flows.evaluate import Subject, read_population
from pycosim.flows.saved_attention import hardware_of
from pycosim.flows.workload import load_workload

PLAIN = AttentionHardware(token_period=1e-6)
KINDS = [
    {"causal": False},
    {"signed_queries": True},
    {"digital": DigitalTokens(first=4, recent=16, law=LinearLaw(transconductance=18e-6))},
    {"query_group": 2},
]


@pytest.mark.parametrize("kind", [{}, *KINDS])
def test_hardware_survives_its_document(kind: dict[str, object]) -> None:
    hardware = dataclasses.replace(PLAIN, **kind)
    assert hardware_of(json.loads(json.dumps(dataclasses.asdict(hardware)))) == hardware


def test_a_document_of_an_earlier_release_gives_plain_hardware() -> None:
    document = dataclasses.asdict(PLAIN)
    for name in ("causal", "signed_queries", "digital", "query_group"):
        del document[name]
    assert hardware_of(document) == PLAIN


@pytest.mark.parametrize("kind", KINDS)
def test_reads_in_ngspice_are_those_of_plain_hardware(kind: dict[str, object]) -> None:
    work = load_workload(256)
    subject = Subject(name="", weights=work.linear, scalers=work.scalers, tokens=np.asarray(work.tokens))
    assert read_population(subject, PLAIN).n_tokens == 256
    with pytest.raises(ConfigurationError, match="causal attention with unsigned queries"):
        read_population(subject, dataclasses.replace(PLAIN, **kind))
