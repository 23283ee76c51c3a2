"""Draws when each transaction of the first workload runs, in the order in which they came and in the best."""

from examples.drawing import BLUE, INK, ORANGE, Drawing, module_from


def draw(evaluator, program):
    transactions = evaluator.workload(0)
    picture = Drawing(480, 300, "Fifty transactions, as they come and as they were arranged")
    orders = {
        name: module_from(path).run_schedule(evaluator.workload(0))
        for name, path in (("seed", program.with_name("initial.py")), ("best", program))
    }
    spans = {
        name: list(zip(order, evaluator.starts(transactions, order), strict=True))
        for name, order in ((name, evaluator.order_of(order)) for name, order in orders.items())
    }
    last = max(at + len(transactions[number]) for span in spans.values() for number, at in span)
    for top, name, color in ((28, "seed", ORANGE), (166, "best", BLUE)):
        end = max(at + len(transactions[number]) for number, at in spans[name])
        picture.text(
            (10, top - 8), f"{name}: done after {end} units of time; {sum(map(len, transactions))} one after the other"
        )
        for row, (number, at) in enumerate(sorted(spans[name], key=lambda span: span[1])):
            picture.rectangle(
                (10 + 460 * at / last, top + 2.2 * row), (460 * len(transactions[number]) / last, 1.9), color
            )
        picture.path([(10, top + 112), (470, top + 112)], INK, 0.8)
    return picture
