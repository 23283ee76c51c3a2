"""Programs of the template for any language, and how each language is built and run there.

All do the same: they read numbers, a line each, and print about sin(x) for each.
"""

from __future__ import annotations

from dataclasses import dataclass

from shinka_core.edit.blocks import END, START
from shinka_core.edit.languages import COMMENT, EXTENSIONS

# The interpreter of the evaluator, in a command.
PYTHON = "{python}"


@dataclass(frozen=True, slots=True)
class Way:
    """How programs in a language are built and run.

    Attributes:
        program: Text, with its EVOLVE-BLOCK.
        build: Command, with `{program}`, `{folder}`, `{name}` and `{python}` in it; empty where nothing is built.
    """

    language: str
    program: str
    build: tuple[str, ...]
    run: tuple[str, ...]

    @property
    def file(self) -> str:
        """Name of the program's file."""
        return f"initial{EXTENSIONS[self.language][0]}"


def _around(language: str, before: str, after: str, block: str) -> str:
    """A program around its block."""
    opens, closes = COMMENT[language]
    return f"{before}{opens}{START}{closes}\n{block}{opens}{END}{closes}\n{after}"


_ARITHMETIC = "    double a = 1.273;\n    double b = 0.405;\n    return a * x - b * x * x;\n"
_C = "double approximate(double x) {\n" + _ARITHMETIC + "}\n"

WAYS: dict[str, Way] = {
    way.language: way
    for way in (
        Way(
            "cpp",
            _around(
                "cpp",
                "#include <cstdio>\n#include <iostream>\n\n",
                '\nint main() {\n    double x;\n    while (std::cin >> x) std::printf("%.17g\\n", approximate(x));\n}\n',
                _C,
            ),
            ("g++", "-O2", "-std=c++17", "-o", "{folder}/program", "{program}"),
            ("{folder}/program",),
        ),
        Way(
            "c",
            _around(
                "c",
                "#include <stdio.h>\n\n",
                '\nint main(void) {\n    double x;\n    while (scanf("%lf", &x) == 1) printf("%.17g\\n", approximate(x));\n    return 0;\n}\n',
                _C,
            ),
            ("gcc", "-O2", "-o", "{folder}/program", "{program}", "-lm"),
            ("{folder}/program",),
        ),
        Way(
            "rust",
            _around(
                "rust",
                "use std::io::BufRead;\n\n",
                "\nfn main() {\n    for line in std::io::stdin().lock().lines() {\n"
                '        println!("{}", approximate(line.unwrap().trim().parse().unwrap()));\n    }\n}\n',
                "fn approximate(x: f64) -> f64 {\n    let a = 1.273;\n    let b = 0.405;\n    a * x - b * x * x\n}\n",
            ),
            ("rustc", "-O", "-o", "{folder}/program", "{program}"),
            ("{folder}/program",),
        ),
        Way(
            "go",
            _around(
                "go",
                'package main\n\nimport "fmt"\n\n',
                "\nfunc main() {\n\tvar x float64\n\tfor {\n\t\tif n, _ := fmt.Scan(&x); n != 1 {\n\t\t\treturn\n\t\t}\n\t\tfmt.Println(approximate(x))\n\t}\n}\n",
                "func approximate(x float64) float64 {\n\ta := 1.273\n\tb := 0.405\n\treturn a*x - b*x*x\n}\n",
            ),
            ("go", "build", "-o", "{folder}/program", "{program}"),
            ("{folder}/program",),
        ),
        Way(
            "java",
            _around(
                "java",
                "import java.util.Scanner;\n\nclass Main {\n",
                "\n    public static void main(String[] arguments) {\n        Scanner input = new Scanner(System.in);\n"
                "        while (input.hasNext()) System.out.println(approximate(Double.parseDouble(input.next())));\n    }\n}\n",
                "    static double approximate(double x) {\n        double a = 1.273;\n        double b = 0.405;\n"
                "        return a * x - b * x * x;\n    }\n",
            ),
            (),
            ("java", "{program}"),
        ),
        Way(
            "fortran",
            _around(
                "fortran",
                "program main\n  implicit none\n  double precision :: x\n  integer :: ended\n  do\n    read (*, *, iostat=ended) x\n"
                "    if (ended /= 0) exit\n    print '(es24.16)', approximate(x)\n  end do\ncontains\n",
                "end program main\n",
                "  double precision function approximate(x)\n    double precision, intent(in) :: x\n    double precision :: a, b\n"
                "    a = 1.273d0\n    b = 0.405d0\n    approximate = a * x - b * x * x\n  end function approximate\n",
            ),
            ("gfortran", "-O2", "-ffree-form", "-o", "{folder}/program", "{program}"),
            ("{folder}/program",),
        ),
        Way(
            "javascript",
            _around(
                "javascript",
                'const lines = require("fs").readFileSync(0, "utf8").split("\\n").filter(Boolean);\n\n',
                '\nconsole.log(lines.map((line) => approximate(Number(line))).join("\\n"));\n',
                "function approximate(x) {\n  const a = 1.273;\n  const b = 0.405;\n  return a * x - b * x * x;\n}\n",
            ),
            (),
            ("node", "{program}"),
        ),
        Way(
            "python",
            _around(
                "python",
                "import sys\n\n\n",
                "\n\nfor line in sys.stdin:\n    print(approximate(float(line)))\n",
                "def approximate(x):\n    a = 1.273\n    b = 0.405\n    return a * x - b * x * x\n",
            ),
            (),
            (PYTHON, "{program}"),
        ),
        Way(
            "r",
            _around(
                "r",
                "",
                '\nx <- scan(file("stdin"), quiet = TRUE)\ncat(sprintf("%.17g", approximate(x)), sep = "\\n")\n',
                "approximate <- function(x) {\n  a <- 1.273\n  b <- 0.405\n  a * x - b * x * x\n}\n",
            ),
            (),
            ("Rscript", "--vanilla", "{program}"),
        ),
        Way(
            "perl",
            _around(
                "perl",
                "use strict;\nuse warnings;\n\n",
                '\nwhile (my $line = <STDIN>) {\n    printf "%.17g\\n", approximate($line);\n}\n',
                "sub approximate {\n    my ($x) = @_;\n    my $a = 1.273;\n    my $b = 0.405;\n    return $a * $x - $b * $x * $x;\n}\n",
            ),
            (),
            ("perl", "{program}"),
        ),
        Way(
            "julia",
            _around(
                "julia",
                "",
                "\nfor line in eachline(stdin)\n    println(approximate(parse(Float64, line)))\nend\n",
                "function approximate(x)\n    a = 1.273\n    b = 0.405\n    return a * x - b * x * x\nend\n",
            ),
            (),
            ("julia", "--startup-file=no", "{program}"),
        ),
        Way(
            "ruby",
            _around(
                "ruby",
                "",
                "\nSTDIN.each_line { |line| puts approximate(line.to_f) }\n",
                "def approximate(x)\n  a = 1.273\n  b = 0.405\n  a * x - b * x * x\nend\n",
            ),
            (),
            ("ruby", "{program}"),
        ),
        Way(
            "lua",
            _around(
                "lua",
                "",
                '\nfor line in io.lines() do\n  print(string.format("%.17g", approximate(tonumber(line))))\nend\n',
                "local function approximate(x)\n  local a = 1.273\n  local b = 0.405\n  return a * x - b * x * x\nend\n",
            ),
            (),
            ("lua", "{program}"),
        ),
    )
}
