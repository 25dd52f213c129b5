"""How long what students write takes to become a page, and how long the page is, for the worst shapes known.

python -m bench.hostile_text
"""

import time

from autograder.reports import markdown

SHAPES = {
    "dollars": "$",
    "displays": "$$ ",
    "open displays": "$$ a\n",
    "formulas": "$x^2$ ",
    "displayed": "$$\\frac{a}{b}$$\n\n",
    "environments": r"\begin{align}",
    "backslashes": "\\",
    "escaped dollars": "\\$",
    "brackets": "[",
    "links": "[a](b) ",
    "half links": "[a](",
    "pictures": "![",
    "stars": "*",
    "emphasis": "*a **b ",
    "underscores": "_a_ ",
    "tildes": "~~a",
    "ticks": "`",
    "rows of ticks": "".join("`" * i + " " for i in range(200)),
    "quotes": "> ",
    "deep quotes": ">" * 400 + "\n",
    "list": "- ",
    "deep lists": "".join(" " * i + "- a\n" for i in range(200)),
    "tables": "|a|b|\n|-|-|\n",
    "pipes": "|",
    "tags": "<b>",
    "less": "<",
    "comments": "<!--",
    "entities": "&amp;",
    "rulers": "a\n-\n",
    "lines": "\n",
    "spaces": " ",
    "images": "![](data:image/png;base64,AAAA) ",
    "open images": "data:image/png;base64,",
    "mixed": "[*_`$<",
}


def text(shape: str, size: int) -> str:
    return (SHAPES[shape] * (size // len(SHAPES[shape]) + 1))[:size]


def main() -> None:
    sizes = (markdown.LONGEST, 200_000)
    heads = [cell for size in sizes for cell in (f"s of {size:,}", "bytes of page")]
    print(f"| shape | {' | '.join(heads)} |\n|---|{'--:|' * len(heads)}")
    for shape in SHAPES:
        cells = []
        for size in sizes:
            started = time.process_time()
            page = markdown.html(text(shape, size))
            cells += [f"{time.process_time() - started:.3f}", f"{len(page.encode()):,}"]
        print(f"| {shape} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
