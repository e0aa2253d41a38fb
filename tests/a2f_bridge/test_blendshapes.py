import numpy as np

from services.a2f_bridge.blendshapes import (
    COUNT,
    JAW_OPEN,
    MOUTH_CLOSE,
    NAMES,
    NameMap,
    clean,
    from_names,
    gap,
    index,
    pair,
)


def test_there_are_52_names_and_none_twice() -> None:
    assert COUNT == len(set(NAMES)) == 52


def test_names_stand_where_live_link_has_them() -> None:
    places = {"EyeBlinkLeft": 0, "EyeBlinkRight": 7, "JawForward": 14, "JawLeft": 15, "JawRight": 16, "JawOpen": 17,
              "MouthClose": 18, "MouthSmileLeft": 23, "MouthRollLower": 31, "BrowInnerUp": 43, "TongueOut": 51}  # fmt: skip
    assert {name: index(name) for name in places} == places


def test_a_pair_is_left_then_right() -> None:
    assert pair("EyeBlink") == (0, 7)


def test_a_table_is_read_by_name_not_by_column() -> None:
    swapped = list(NAMES)
    swapped[15], swapped[16] = swapped[16], swapped[15]  # as some recorders write them
    row = np.zeros((1, 52))
    row[0, swapped.index("JawLeft")] = 0.7
    assert NameMap(swapped).poses(row)[0, index("JawLeft")] == np.float32(0.7)


def test_unknown_columns_are_dropped_and_missing_ones_are_rest() -> None:
    names = NameMap(["jawOpen", "tongueTipUp", "HeadRoll"])
    poses = names.poses(np.array([[0.5, 0.9, 0.9]]))
    assert names.known == 1
    assert poses[0, JAW_OPEN] == 0.5
    assert poses[0].sum() == 0.5


def test_weights_by_name_ignore_capitals() -> None:
    assert from_names({"jawopen": 0.25, "nonsense": 1.0})[JAW_OPEN] == 0.25


def test_what_is_no_weight_becomes_one() -> None:
    assert clean(np.array([np.nan, np.inf, -np.inf, -3.0, 7.0])).tolist() == [0.0, 1.0, 0.0, 0.0, 1.0]


def test_lips_are_shut_where_mouth_close_takes_back_the_jaw() -> None:
    poses = np.zeros((1, 52), np.float32)
    poses[0, [JAW_OPEN, MOUTH_CLOSE]] = 0.3
    assert gap(poses)[0] == 0.0
