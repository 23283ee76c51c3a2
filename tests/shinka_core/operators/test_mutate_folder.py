"""`builtin/mutate` varies one of the files of a folder."""

from __future__ import annotations

import ast

from shinka_core.edit import apply_patch
from shinka_core.llm.question import CallKey, Material, Question
from shinka_core.operators import MutationModel
from shinka_core.program import Purpose
from shinka_core.source import Source, SourceFile
from tests.support.folders import CURVE, RULES, package

CONFIG = '{\n"EVOLVE": 1.5\n}\n'


async def child_of(parent: Source, seed: int, *others: Source) -> Source:
    material = Material(parent, others, "cross" if others else "diff")
    question = Question(CallKey(1, Purpose.PROPOSAL, 0, 0), "builtin/mutate", "", "", seed, material=material)
    return apply_patch("diff", (await MutationModel().ask(question)).text, parent).source


async def test_one_of_the_files_that_may_change_is_varied() -> None:
    parent = package()
    changed: set[str] = set()
    for seed in range(30):
        child = await child_of(parent, seed)
        differing = [new.path for old, new in zip(parent.files, child.files, strict=True) if old != new]
        assert len(differing) == 1
        changed |= set(differing)
        for file in child.files:
            if file.language == "python":
                ast.parse(file.text)
    assert changed == {"curve.py", "inner/rules.py"}


async def test_constants_come_from_the_same_file_of_the_others() -> None:
    parent = package()
    other = package(curve=CURVE.replace("2.0", "20.0"), rules=RULES.replace("5.0", "500.0"))
    for seed in range(30):
        child = await child_of(parent, seed, other)
        curve, rules = child.find("curve.py"), child.find("inner/rules.py")
        assert curve is not None
        assert rules is not None
        scale = float(curve.text.split("scale = ")[1].split("\n")[0])
        assert -100 < scale < 100, "no number of the other file"


async def test_each_file_is_varied_in_its_own_language() -> None:
    parent = Source.folder(
        [
            SourceFile("a.cpp", "// EVOLVE-BLOCK-START\nfloat a = 0.5; // 9.5\n// EVOLVE-BLOCK-END\n", "cpp"),
            SourceFile("b.py", "# EVOLVE-BLOCK-START\nb = 0.5  # 9.5\n# EVOLVE-BLOCK-END\n", "python"),
        ]
    )
    for seed in range(20):
        child = await child_of(parent, seed)
        assert "// 9.5" in child.files[0].text
        assert "# 9.5" in child.files[1].text
