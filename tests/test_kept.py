"""A page script is run anew for every change; what it keeps must survive that."""

from ui.kept import kept

SCRIPT = """
@kept(2)
def double(number):
    calls.append(number)
    return 2 * number

result = double(number)
"""


def run(script: str, number: int, calls: list[int]) -> int:
    names = {"kept": kept, "calls": calls, "number": number}
    exec(compile(script, "page.py", "exec"), names)  # noqa: S102  as Streamlit runs a page
    return names["result"]


def test_result_survives_a_new_run_of_the_script():
    calls: list[int] = []
    assert [run(SCRIPT, number, calls) for number in (3, 3, 4, 3)] == [6, 6, 8, 6]
    assert calls == [3, 4]


def test_memory_is_bounded_and_an_edited_function_gets_its_own():
    calls: list[int] = []
    edited = SCRIPT.replace("2 * number", "3 * number")
    assert [run(edited, number, calls) for number in (3, 4, 5, 3)] == [9, 12, 15, 9]
    assert calls == [3, 4, 5, 3]
