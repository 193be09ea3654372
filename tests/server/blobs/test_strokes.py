"""Signatures are drawn by the server from strokes, whatever a device sends."""

import json

import pytest

from server.blobs.strokes import NotStrokes, parse_strokes, svg


def test_strokes_become_lines() -> None:
    drawing = svg(parse_strokes(b"[[[0,0],[1000,1000]],[[500,500]]]"))

    assert '<path d="M0 0L1000 500"/>' in drawing
    assert '<path d="M500 250L500 250"/>' in drawing


def test_strokes_may_stand_under_their_name() -> None:
    assert parse_strokes(b'{"strokes":[[[1,2]]]}') == [[(1, 2)]]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg onload='x'/>",
        b'{"lines":[]}',
        b"[[[0,1001]]]",
        b"[[[0,-1]]]",
        b"[[[0.5,1]]]",
        b'[[["0",1]]]',
        b"[" * 30 + b"]" * 30,
        json.dumps([[[0, 0]] * 4_001]).encode(),
        json.dumps([[[0, 0]] * 3_000] * 2).encode(),
        b" " * 70_000 + b"[]",
    ],
)
def test_anything_else_is_no_signature(content: bytes) -> None:
    with pytest.raises(NotStrokes):
        parse_strokes(content)
