"""Recipes of published benchmarks, on the user's copy of the data.

Settings of the paper: NeuMap, CVPR 2023, section "Implementation details" and tables 1 to 5, and
the configurations of its released code.
"""

from dataclasses import replace

from neumap.benchmark.recipe import PaperSettings, Recipe, SceneFolder
from neumap.benchmark.split_rules import EveryNth, OfficialSplit
from neumap.mapping import MappingConfig

_INDOOR = ((0.05, 5.0), (0.1, 5.0))
_ALL_VOXELS = "none, all voxels are read"
_SEVEN_SCENES = SceneFolder.called(
    "chess", "fire", "heads", "office", "pumpkin", "redkitchen", "stairs"
)
_TWELVE_SCENES = SceneFolder.called(
    *("apt1/kitchen", "apt1/living", "apt2/bed", "apt2/kitchen", "apt2/living", "apt2/luke"),
    *("office1/gates362", "office1/gates381", "office1/lounge", "office1/manolis"),
    *("office2/5a", "office2/5b"),
)


def seven_scenes() -> Recipe:
    """7-Scenes with its original ground truth (KinectFusion) and depth."""
    return Recipe(
        name="7scenes",
        title="7-Scenes, original ground truth",
        layout="7scenes",
        scenes=_SEVEN_SCENES,
        split=OfficialSplit(files="TrainSplit.txt and TestSplit.txt"),
        needs=("TrainSplit.txt", "TestSplit.txt"),
        thresholds=_INDOOR,
        paper=PaperSettings(
            voxel_sides_m=(3.0,),  # from the name of a file of the released code
            codes_per_block=100,
            epochs=(400, 400),
            batch_sizes=(128, 128),
            learning_rates=(2e-3, 2e-3),
            prune_threshold=1e-5,
            retrieval=_ALL_VOXELS,
        ),
        page="docs/datasets/seven_scenes.md",
    )


def seven_scenes_sfm() -> Recipe:
    """7-Scenes with pseudo ground truth from structure from motion, without depth."""
    return _with_pseudo_truth(seven_scenes(), data_set="7-Scenes")


def twelve_scenes() -> Recipe:
    """12-Scenes with its original ground truth and depth."""
    return Recipe(
        name="12scenes",
        title="12-Scenes, original ground truth",
        layout="12scenes",
        scenes=_TWELVE_SCENES,
        split=OfficialSplit(files="split.txt, whose first sequence is queried"),
        needs=("split.txt",),
        thresholds=_INDOOR,
        page="docs/datasets/twelve_scenes.md",
    )


def twelve_scenes_sfm() -> Recipe:
    """12-Scenes with pseudo ground truth from structure from motion, without depth."""
    return _with_pseudo_truth(twelve_scenes(), data_set="12-Scenes")


def scannet() -> Recipe:
    """Scans of ScanNet as exported frames; the data set has no split within a scan."""
    return Recipe(
        name="scannet",
        title="ScanNet, exported frames",
        layout="scannet",
        split=EveryNth(step=5),
        thresholds=_INDOOR,
        paper=PaperSettings(
            voxel_sides_m=(),
            codes_per_block=50,
            epochs=(200, 200),  # the second stage fits codes of new scenes alone
            batch_sizes=(256, 32),
            learning_rates=(2e-3, 0.0),
            code_learning_rate=0.02,
            prune_threshold=None,
            retrieval=_ALL_VOXELS,
        ),
        page="docs/datasets/scannet.md",
    )


def cambridge() -> Recipe:
    """Cambridge Landmarks, all five scenes; every listed query is scored."""
    return Recipe(
        name="cambridge",
        title="Cambridge Landmarks",
        layout="cambridge",
        scenes=SceneFolder.called(
            "GreatCourt", "KingsCollege", "OldHospital", "ShopFacade", "StMarysChurch"
        ),
        split=OfficialSplit(files="dataset_train.txt and dataset_test.txt"),
        needs=("reconstruction.nvm",),
        thresholds=((0.25, 2.0), (0.5, 5.0), (5.0, 10.0)),
        budgets=(28_000, 100_000, 300_000),
        paper=PaperSettings(
            voxel_sides_m=(),
            codes_per_block=100,
            epochs=(400, 400),
            batch_sizes=(128, 2),
            learning_rates=(2e-3, 5e-4),
            prune_threshold=0.05,
            retrieval=_ALL_VOXELS,
        ),
        page="docs/datasets/cambridge.md",
    )


def aachen() -> Recipe:
    """Aachen Day-Night v1.0, day and night queries; the server has their poses."""
    return Recipe(
        name="aachen",
        title="Aachen Day-Night v1.0",
        layout="aachen",
        split=OfficialSplit(files="queries/*_with_intrinsics.txt"),
        needs=("3D-models/**/*.nvm",),
        lacks=("3D-models/**/images.bin", "3D-models/**/images.txt"),
        thresholds=((0.25, 2.0), (0.5, 5.0), (5.0, 10.0)),
        is_scored=False,
        submitted_name_parts=1,
        budgets=(6_000_000,),
        mapping=MappingConfig(voxel_side=10.0),
        paper=PaperSettings(
            voxel_sides_m=(8.0, 10.0),
            codes_per_block=100,
            epochs=(200, 100),
            batch_sizes=(256, 256),
            learning_rates=(2e-3, 2e-4),
            prune_threshold=0.15,
            retrieval="NetVLAD, 30 photos; voxels with 20 points in one of them, about 100 to 200",
        ),
        page="docs/datasets/aachen.md",
    )


def aachen_v1_1() -> Recipe:
    """Aachen Day-Night v1.1: more photos and queries, a COLMAP model."""
    return replace(
        aachen(),
        name="aachen-v1.1",
        title="Aachen Day-Night v1.1",
        needs=("3D-models/**/images.*",),
        lacks=(),
        paper=None,
    )


def naver_labs() -> Recipe:
    """The department store of NAVER LABS, on the validation part as the paper's code does."""
    return Recipe(
        name="naverlabs",
        title="NAVER LABS, department store, validation part",
        layout="kapture",
        scenes=tuple(
            SceneFolder(
                name=floor,
                folders=(f"HyundaiDepartmentStore/{floor}/release", f"{floor}/release", floor),
            )
            for floor in ("B1", "1F", "4F")
        ),
        split=OfficialSplit(
            files="the kaptures mapping and validation", query_pattern="validation/"
        ),
        needs=("validation/sensors/trajectories.txt",),
        thresholds=((0.1, 1.0), (0.25, 2.0), (1.0, 5.0)),
        budgets=(400_000, 4_000_000),
        mapping=MappingConfig(voxel_side=4.0),
        paper=PaperSettings(
            voxel_sides_m=(3.0, 4.0),  # B1, then 1F and 4F: from names of files of the code
            codes_per_block=50,
            epochs=(200,),
            batch_sizes=(2,),
            learning_rates=(2e-3,),
            prune_threshold=None,
            retrieval="of photos, by a method that neither source states",
        ),
        page="docs/datasets/naver_labs.md",
    )


def rio10() -> Recipe:
    """RIO10 on its validation scans: the poses of later scans are withheld."""
    return Recipe(
        name="rio10",
        title="RIO10, validation scans",
        layout="rio10",
        scenes=SceneFolder.called(*(f"seq{number:02d}" for number in range(1, 11))),
        split=OfficialSplit(
            files="the scans seqXX_01 (mapped) and seqXX_02 (queried)",
            query_pattern=r"seq\d\d_02/",
        ),
        needs=("intrinsics.txt",),
        thresholds=_INDOOR,
        page="docs/datasets/rio10.md",
    )


def indoor6() -> Recipe:
    """Indoor-6, six scenes over several days; its photos for validation are left out."""
    return Recipe(
        name="indoor6",
        title="Indoor-6",
        layout="indoor6",
        scenes=SceneFolder.called("scene1", "scene2a", "scene3", "scene4a", "scene5", "scene6"),
        split=OfficialSplit(files="train_test_val.pkl"),
        needs=("train_test_val.pkl",),
        thresholds=_INDOOR,
        page="docs/datasets/indoor6.md",
    )


def wayspots() -> Recipe:
    """Wayspots as ACE sets it up, ten scenes."""
    return Recipe(
        name="wayspots",
        title="Wayspots",
        layout="dsacstar",
        scenes=SceneFolder.called(
            *("wayspots_bears", "wayspots_cubes", "wayspots_inscription", "wayspots_lawn"),
            *("wayspots_map", "wayspots_squarebench", "wayspots_statue", "wayspots_tendrils"),
            *("wayspots_therock", "wayspots_wintersign"),
        ),
        split=OfficialSplit(files="the folders train and test"),
        thresholds=((0.1, 5.0), (0.25, 2.0)),
        page="docs/datasets/wayspots.md",
    )


def _with_pseudo_truth(original: Recipe, *, data_set: str) -> Recipe:
    """The same scenes with poses from structure from motion, which the paper did not use."""
    return replace(
        original,
        name=f"{original.name}-sfm",
        title=f"{data_set}, pseudo ground truth from structure from motion",
        layout="pseudo-truth",
        split=OfficialSplit(files="the lists *_train.txt and *_test.txt of the pseudo truth"),
        needs=(),
        has_depth=False,
        paper=None,
    )
