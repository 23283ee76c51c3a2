"""Draws which messages the seed prompt and the best one sort rightly."""

from examples.drawing import BLUE, ORANGE, Drawing


def draw(evaluator, program):
    picture = Drawing(480, 400, "Messages that are sorted rightly")
    found = {
        name: evaluator.judge(path.read_text(encoding="utf-8"), evaluator.answer_of_stand_in)
        for name, path in (("seed", program.with_name("initial.md")), ("best", program))
    }
    for column, name in enumerate(found):
        picture.text((392 + 50 * column, 16), name, 11, "middle")
    for row, message in enumerate(found["seed"]["instance_scores"]):
        y = 32 + 14.5 * row
        picture.text((10, y), message, 10)
        for column, metrics in enumerate(found.values()):
            right = metrics["instance_scores"][message] == 1.0
            picture.rectangle(
                (380 + 50 * column, y - 9), (24, 11), BLUE if right else "#ffffff", BLUE if right else ORANGE
            )
    said = (
        f"{name} {metrics['combined_score']:.3f}, others {metrics['public']['unseen_messages']:.3f}"
        for name, metrics in found.items()
    )
    picture.text((10, 392), f"filled: right; {'; '.join(said)}", 11)
    return picture
