"""A verdict falls when the numbers of its sentence say the opposite, and so does the answer of a question."""

from functools import cache

import pytest

from pages import LESSONS

NAMES = ("traps", "coordinates", "fine_print", "batches", "schedules")
CLAIMS = {c.key: c for name in NAMES for c in LESSONS[name].claims}
QUESTIONS = {q.key: q for name in NAMES for q in LESSONS[name].questions}

REFUTED = (
    # What each sentence speaks of, turned round.
    ("saddles_stop_training", {"held": 40}),
    ("saddles_stop_training", {"uneven": 0.5}),
    ("ball_leaves_saddles", {"least": 0.9}),
    ("ball_leaves_saddles", {"axis": 300}),
    ("ball_leaves_local_minima", {"slow": 5.0}),
    ("ball_leaves_local_minima", {"least": 0.0}),
    ("noise_helps_to_escape", {"vain": 0.5}),
    ("noise_helps_to_escape", {"gain": 1.0}),
    ("flat_saddles", {"most": 30.0}),
    ("flat_saddles", {"curvature": 1.0}),
    ("stuck_means_minimum", {"fall": 0.1}),
    ("stuck_means_minimum", {"curvature": 1.0}),
    ("gradient_descent_gets_trapped", {"least": 1.0}),
    ("adam_leaves_plateaus", {"adam": 0}),
    ("adam_leaves_plateaus", {"adam": 41}),
    ("newton_goes_down", {"booth": 60.0}),
    ("newton_goes_down", {"camel6_others": 0.0}),
    ("adagrad_stops", {"bowl": 0.3}),
    ("adagrad_stops", {"noise": 1.0}),
    ("adagrad_needs_no_rate", {"common": 20}),
    ("adagrad_needs_no_rate", {"usual": 6}),
    ("rmsprop_cures_adagrad", {"rmsprop": 0.3}),
    ("rmsprop_remembers_longer", {"long": 1.0}),
    ("adadelta_is_a_denominator", {"adadelta": 0.8}),
    ("second_moment_is_the_variance", {"v_hat": 0.0}),
    ("adaptive_methods_are_alike", {"alike": 5}),
    ("adam_tolerates_rates_everywhere", {"least": 0.5}),
    ("adam_tolerates_rates_everywhere", {"narrower": 2}),
    ("late_rate_of_adam_is_too_small", {"ravine_higher": 0.0}),
    ("step_of_adam_is_bounded", {"steady": 3.0}),
    ("step_of_adam_is_bounded", {"longest": 9.0}),
    ("adam_anneals_by_itself", {"off": 0.9}),
    ("adagrad_suits_sparse_data", {"least": 0.9}),
    ("adaptive_methods_suit_sparse_data", {"fastest_constant": 0.5}),
    ("adaptive_methods_suit_sparse_data", {"slowest_falling": 1.5}),
    ("adam_beats_rmsprop_on_sparse_data", {"usual200": 1.3}),
    ("adam_beats_rmsprop_on_sparse_data", {"same50": 1.4}),
    ("one_rate_for_all_is_the_problem", {"adam_turned": 120}),
    ("one_rate_for_all_is_the_problem", {"sgd_turned": 600}),
    ("sign_is_enough", {"sgd": -3.0}),
    ("sign_is_enough", {"lion": 0.0}),
    ("longer_memory_removes_the_drift", {"long": -2.0}),
    ("first_moment_needs_no_correction", {"gap": 0.1}),
    ("without_corrections_the_start_is_slow", {"never_short": 0.3}),
    ("place_of_epsilon", {"inside_small": 1.0}),
    ("epsilon_can_be_left_out", {"ended": 100}),
    ("invariant_to_scale", {"little": 1.0}),
    ("adam_may_converge_to_the_wrong_point", {"longer": 0.9}),
    ("adaptive_methods_end_by_themselves", {"adam_back": 0}),
    ("adaptive_methods_end_by_themselves", {"amsgrad_back": 60}),
    ("rmsprop_comes_to_rest", {"least": 0.0}),
    ("adamw_regularises_better", {"gain_one": 0.2}),
    ("adamw_regularises_better", {"adamw_loud": 3000.0}),
    ("adamw_adds_a_penalty", {"apart": 0.0}),
    ("noise_shrinks_the_quiet_weight", {"apart": -0.1}),
    ("l2_is_weight_decay_for_sgd", {"sgd": 0.01}),
    ("usual_strengths_of_decay", {"strong": 1e3}),
    ("memories_of_adam", {"slower": 0.8}),
    ("memories_of_adam", {"heavy": 3.0}),
    ("radam_needs_no_warm_up", {"bare": 0.2}),
    ("sgd_finds_better_solutions", {"shorter": 0.0}),
    ("sgd_finds_better_solutions", {"uneven": 0.5}),
    ("three_time_axes", {"gap1": 1e-6}),
    ("three_time_axes", {"slow_gap1": 20.0}),
    ("more_epochs", {"same64": 80}),
    ("more_epochs", {"linear64": 5000}),
    ("full_batch_is_accurate", {"s16": 3.0}),
    ("small_batches_oscillate", {"r64": 0.0}),
    ("small_batches_oscillate", {"doubled": 2.0}),
    ("reshuffle_every_epoch", {"ratio": 1.0}),
    ("reshuffle_every_epoch", {"sorted": 0.0}),
    ("not_linear", {"vanishing": 0.1}),
    ("large_batch_local", {"b1": 0.0}),
    ("one_sample_misleads", {"loud1": 0.0}),
    ("large_batch_at_the_saddle", {"left63": 0}),
    ("large_batch_at_the_saddle", {"beside": -1}),
    ("not_parallel", {"apart": 1.0}),
    ("batch_and_fitting", {"large_unseen": 0.5}),
    ("batch_and_fitting", {"falling": 0.6}),
    ("large_early_small_late", {"quiet": 0.5}),
    ("large_early_small_late", {"most": 1.2}),
    ("fixed_interval_is_not_step", {"gap": 0.1}),
    ("time_based_is_like_exponential", {"time_based_least": 1.0}),
    ("cosine_is_best", {"most": 1.1}),
    ("cosine_is_best", {"apart": 0.5}),
    ("stalled_loss_says_when", {"worse": 1.0}),
    ("adaptive_needs_none", {"least": 1.0}),
    ("warm_up_stabilises", {"slow_50": 300}),
    ("restarts_jump_out", {"most": 30.0}),
    ("restarts_jump_out", {"constant": 10.0}),
)


@cache
def measured(key: str) -> dict:
    return CLAIMS[key].measure() if key in CLAIMS else QUESTIONS[key].measured()


@pytest.mark.parametrize(("key", "turned"), REFUTED, ids=lambda part: part if isinstance(part, str) else "-".join(part))
def test_numbers_that_say_the_opposite_refute(key, turned):
    claim = CLAIMS[key]
    numbers = measured(key)
    assert set(turned) <= set(numbers)
    assert claim.holds(**numbers)
    assert not claim.holds(**numbers | turned)


def test_every_claim_can_be_refuted():
    assert {key for key, _ in REFUTED} == set(CLAIMS)


TURNED_ANSWERS = (
    ("exactly_on_the_axis", {"with_momentum": 3}, 0),
    ("exactly_on_the_axis", {"others": 3}, 1),
    ("momentum_from_the_left", {"named": -1.04}, 0),
    ("first_step_of_rmsprop", {"middle": 1.0}, 1),
    ("rate_of_adam_on_booth", {"least": 0.1, "most": 0.5}, 0),
    ("rate_of_adam_on_booth", {"least": 0.5, "most": 3.0}, 1),
    ("epsilon_inside", {"inside_small": 1.0}, 0),
    ("half_life_of_a_noisy_weight", {"adam_loud": 1400.0}, 2),
    ("updates_to_the_gap", {"b256": 500.0}, 2),
    ("same_temperature", {"both": 20.0}, 0),
    ("floor_under_noise", {"constant": 0.03}, 1),
    ("without_warm_up", {"fast_0": 100}, 0),
)


@pytest.mark.parametrize(("key", "turned", "answer"), TURNED_ANSWERS, ids=str)
def test_answer_turns_with_the_numbers(key, turned, answer):
    question = QUESTIONS[key]
    assert question.right(**measured(key) | turned) == answer != question.answer


def test_every_answer_can_turn():
    assert {key for key, _, _ in TURNED_ANSWERS} == set(QUESTIONS)
