"""The scripted model finds the program in every system's prompt and answers in the form that is asked for."""

import json
import threading
import urllib.request
from contextlib import contextmanager
from random import Random

import pytest

from benchmarks.search import model_server, mutation
from benchmarks.search.answers import answer, difference
from benchmarks.search.asked import Asked, read
from benchmarks.search.embedding import embedding
from benchmarks.search.prefixes import LEAST, Prefixes, tokens
from benchmarks.search.tasks import TASKS

TASK = TASKS["rugged"]
PARENT = TASK.initial
OTHERS = [mutation.propose(Random(k), PARENT, [], False)[0] for k in range(2)]
EDITS = "Answer with\n<<<<<<< SEARCH\nold\n=======\nnew\n>>>>>>> REPLACE\n"


def fenced(program):
    return f"```python\n{program}```\n"


def chat(system, user):
    return [{"role": "system", "content": system}, {"role": "user", "content": user}]


# The order of things in each system's prompt.
OURS = chat(
    EDITS,
    f"# The current program\n\n## To be changed\nScore: 1\n{fenced(PARENT)}\n# Other versions\n\n## Version 1\n"
    f"{fenced(OTHERS[0])}\n## Version 2\n{fenced(OTHERS[1])}\n# What to do\nWrite a better program.",
)
SHINKA = chat(
    f"<NAME>\n</NAME>\n<DIFF>\n{EDITS}</DIFF>",
    f"# Prior programs\n\n{fenced(OTHERS[0])}\n{fenced(OTHERS[1])}\n# Current program\n\n{fenced(PARENT)}\n# Task\nSuggest.",
)
OPENEVOLVE = chat(
    "You are an expert.",
    f"# Current Program Information\n- Fitness: 1\n\n## Top Programs\n{fenced(OTHERS[0])}\n{fenced(OTHERS[1])}\n"
    f"# Current Program\n{fenced(PARENT)}\n# Task\n{EDITS}",
)


@pytest.mark.parametrize("messages", [OURS, SHINKA, OPENEVOLVE], ids=["ours", "shinka", "openevolve"])
def test_parent_and_others_are_found_wherever_they_stand(messages):
    asked = read(messages)
    assert asked.parent is not None
    assert asked.parent.strip() == PARENT.strip()
    assert [each.strip() for each in asked.others] == [each.strip() for each in OTHERS]
    assert not asked.crossover


def test_a_second_attempt_is_about_the_same_program():
    asked = read([*OURS, {"role": "assistant", "content": "no"}, {"role": "user", "content": "Answer again."}])
    assert asked.parent is not None
    assert asked.parent.strip() == PARENT.strip()


def test_the_form_is_the_one_that_the_prompt_shows():
    assert read(OURS).form == "edits"
    assert read(SHINKA).form == "tagged edits"
    assert read(chat("<CODE>\n</CODE>", fenced(PARENT))).form == "tagged program"
    assert read(chat("Write it anew.", fenced(PARENT))).form == "program"
    assert read(chat("What could be tried?", "Nothing is shown.")).form == "words"


@pytest.mark.parametrize("task", TASKS.values(), ids=list(TASKS))
def test_an_edit_makes_of_the_parent_what_the_mutation_model_made(task):
    for k in range(30):
        parent = mutation.propose(Random(k), task.initial, [], False)[0]
        new, _ = mutation.propose(Random(f"x{k}"), parent, [task.initial], False)
        search, replacement = difference(parent, new)
        assert parent.count(search) == 1
        assert parent.replace(search, replacement) == new
        assert "EVOLVE-BLOCK" not in search


def test_some_answers_cannot_be_used_and_as_many_in_every_form():
    for form in ("edits", "tagged program"):
        asked = Asked(PARENT, [], form, crossover=False)
        kinds = [answer(asked, Random(k))[1] for k in range(1000)]
        assert 0.025 < kinds.count("unusable") / 1000 < 0.055


def test_a_question_about_something_else_gets_words():
    for question in ("A summary.", f"# The best program\n{fenced(PARENT)}\nName 3 directions. Write no code."):
        text, kind = answer(read(chat("You advise a search.", question)), Random(0))
        assert kind == "words"
        assert text.count("### IDEA") == 3
        assert "def " not in text


@contextmanager
def serving(seed):
    server = model_server.server(seed)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        server.server_close()


def post(url, body):
    request = urllib.request.Request(url, json.dumps(body).encode(), {"content-type": "application/json"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as found:
        return json.load(found)


def said(url, messages):
    return post(f"{url}/chat/completions", {"model": "m", "messages": messages})["choices"][0]["message"]["content"]


def test_what_is_said_depends_on_prompt_and_repetition_and_not_on_the_order():
    with serving(1) as url:
        first = [said(url, OURS), said(url, SHINKA), said(url, OURS)]
    with serving(1) as url:
        second = [said(url, SHINKA), said(url, OURS), said(url, OURS)]
    with serving(2) as url:
        other = said(url, OURS)
    assert first[0] == second[1]
    assert first[1] == second[0]
    assert first[2] == second[2] != first[0]
    assert other != first[0]


def test_both_interfaces_answer_and_all_is_counted():
    with serving(1) as url:
        text = said(url, OURS)
        answered = post(f"{url}/responses", {"model": "m", "input": SHINKA})
        post(f"{url}/embeddings", {"model": "m", "input": [PARENT]})
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"{url[:-3]}/stats") as found:
            counts = json.load(found)
    assert "<<<<<<< SEARCH" in text
    assert "<DIFF>" in answered["output"][0]["content"][0]["text"]
    assert counts["calls"] == 2
    assert counts["embeddings"] == 1
    assert counts["prompt"] > 400


def test_the_cache_knows_beginnings_that_are_long_enough():
    known = Prefixes()
    long = "".join(f"{k} " for k in range(4000))
    assert known.add(long) == 0
    assert known.add(long) == tokens(long) // 128 * 128
    assert known.add(f"{long[: 4 * LEAST]}and another end") == LEAST
    assert known.add(f"{long[: 4 * LEAST - 4]}and another end") == 0
    assert known.add(f"x{long}") == 0


def test_texts_that_are_alike_are_near():
    def cosine(a, b):
        return sum(x * y for x, y in zip(embedding(a), embedding(b), strict=True))

    assert cosine(PARENT, PARENT) == pytest.approx(1.0)
    assert cosine(PARENT, OTHERS[0]) > 0.8 > cosine(PARENT, TASKS["signal"].initial)
