"""Whatever files and edits: what is not named stays byte for byte, and a change is the same as its own diff."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from shinka_core.edit import apply_patch
from shinka_core.edit.evolvable import evolvable_files
from shinka_core.errors import PatchError
from shinka_core.source import DATA, Source, SourceFile
from shinka_core.source_text import plain
from tests.shinka_core.edit.dressing import block, fence
from tests.support.generated import fewer

PATHS = ["a.txt", "b.txt", "inner/a.txt", "inner/deep/c.txt"]
LINES = st.lists(st.sampled_from(["red", "green", "  blue", "", "one two", "end"]), min_size=1, max_size=8)


@st.composite
def folders(draw: st.DrawFn) -> Source:
    """Texts with and without blocks, with any line ends, and data."""
    files = [SourceFile("data", "AAEC", DATA)]
    for path in draw(st.lists(st.sampled_from(PATHS), min_size=1, unique=True)):
        inner = "\n".join(draw(LINES))
        marked = f"head {path}\n# EVOLVE-BLOCK-START\nfirst {path}\n{inner}\n# EVOLVE-BLOCK-END\ntail\n"
        text = marked if path == "a.txt" or draw(st.booleans()) else inner
        end = draw(st.sampled_from(["\n", "\r\n"]))
        files.append(SourceFile(path, draw(st.sampled_from(["", "\ufeff"])) + text.replace("\n", end), "text"))
    if not any("EVOLVE-BLOCK-START" in file.text for file in files):
        files.append(SourceFile("z.txt", "# EVOLVE-BLOCK-START\nfirst z.txt\n# EVOLVE-BLOCK-END\n", "text"))
    return Source.folder(files)


@fewer(40, in_ci=50)
@given(folders(), st.randoms(use_true_random=False))
def test_only_the_named_files_change(parent: Source, rng: random.Random) -> None:
    may_change = evolvable_files(parent)
    chosen = rng.sample(may_change, rng.randint(1, len(may_change)))
    answer = "\n".join(
        f"### FILE {file.path}\n{block(f'first {file.path}', f'second {rng.randint(0, 9)}')}" for file in chosen
    )
    child = apply_patch("diff", answer, parent).source
    changed = {new.path for old, new in zip(parent.files, child.files, strict=True) if old != new}
    assert changed == {file.path for file in chosen}
    for file in chosen:
        new = child.find(file.path)
        assert new is not None
        assert new.text.count("\r\n") == file.text.count("\r\n"), "line ends are the file's own"


@fewer(40, in_ci=50)
@given(folders(), st.randoms(use_true_random=False))
def test_a_change_is_the_same_as_its_diff(parent: Source, rng: random.Random) -> None:
    may_change = evolvable_files(parent)
    answer = "\n".join(
        f"{file.path}\n{block(f'first {file.path}', f'new {number} {rng.randint(0, 99)}')}"
        for number, file in enumerate(may_change)
    )
    candidate = apply_patch("diff", answer, parent)
    assert apply_patch("diff", fence(candidate.diff + "\n", "diff"), parent).source == candidate.source


@fewer(40, in_ci=50)
@given(folders(), st.text(alphabet="<>=#` \nabFILE.txt/", max_size=200))
def test_no_answer_changes_what_stays(parent: Source, answer: str) -> None:
    may_change = {file.path for file in evolvable_files(parent)}
    try:
        child = apply_patch("full", f"### FILE a.txt\n```\n{answer}\n```\n{answer}", parent).source
    except PatchError as error:
        assert str(error)
        return
    for old, new in zip(parent.files, child.files, strict=True):
        assert old == new or old.path in may_change
        assert plain(new.text).startswith("head") or old.path not in may_change or old.path == "z.txt"
