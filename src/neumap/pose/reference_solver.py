"""A slow, plain solver in numpy: the oracle that the fast ones are tested against."""

import numpy as np
from jaxtyping import Float

from neumap.geometry import RigidTransform, Similarity
from neumap.pose.ideal_points import IdealPoints
from neumap.pose.solver import AbstractPoseSolver, Hypothesis


def p3p(bearings: Float[np.ndarray, "3 3"], xyz: Float[np.ndarray, "3 3"]) -> list[RigidTransform]:
    """Poses that put three points on three unit rays (Grunert 1841, Haralick et al. 1994).

    With s2 = u s1 and s3 = v s1, the law of cosines gives a quartic in v; up to four answers.
    Points without area have none.
    """
    a2, b2, c2 = (float(((xyz[i] - xyz[j]) ** 2).sum()) for i, j in ((1, 2), (0, 2), (0, 1)))
    if min(a2, b2, c2) < 1e-18 * max(a2, b2, c2) or max(a2, b2, c2) == 0.0:
        return []
    ca, cb, cg = (float(bearings[i] @ bearings[j]) for i, j in ((1, 2), (0, 2), (0, 1)))
    p, q, r = (a2 - c2) / b2, (a2 + c2) / b2, (b2 - c2) / b2
    ratio_a, ratio_c = a2 / b2, c2 / b2
    quartic = [
        (p - 1) ** 2 - 4 * ratio_c * ca**2,
        4 * (p * (1 - p) * cb - (1 - q) * ca * cg + 2 * ratio_c * ca**2 * cb),
        2
        * (
            p**2
            - 1
            + 2 * p**2 * cb**2
            + 2 * r * ca**2
            - 4 * q * ca * cb * cg
            + 2 * (1 - ratio_a) * cg**2
        ),
        4 * (-p * (1 + p) * cb + 2 * ratio_a * cg**2 * cb - (1 - q) * ca * cg),
        (1 + p) ** 2 - 4 * ratio_a * cg**2,
    ]
    poses: list[RigidTransform] = []
    for root in np.roots(quartic):
        v = float(root.real)
        if abs(root.imag) > 1e-6 * (1 + abs(v)) or v <= 0:
            continue
        bottom = 2 * (cg - v * ca)
        length2 = 1 + v * v - 2 * v * cb
        if abs(bottom) < 1e-12 or length2 <= 0:
            continue
        u = ((p - 1) * v * v - 2 * p * cb * v + 1 + p) / bottom
        if u <= 0:
            continue
        near = np.sqrt(b2 / length2)
        xyz_in_cam = bearings * np.array([[near], [u * near], [v * near]])
        poses.append(Similarity.fit(xyz, xyz_in_cam).target_from_source)
    return poses


def cost_px2(points: IdealPoints, pose: RigidTransform, threshold_px: float) -> float:
    """Truncated sum of squared errors (MSAC)."""
    return float(np.minimum(points.residuals_px(pose) ** 2, threshold_px**2).sum())


class ReferenceSolver(AbstractPoseSolver):
    """RANSAC on P3P with the MSAC cost, then Gauss-Newton from the best sample."""

    def search(self, points: IdealPoints) -> Hypothesis | None:
        """Draw samples until one without outliers was seen with probability 0.9999."""
        generator = np.random.default_rng(self.config.seed)
        rays = np.column_stack([points.xy_px / points.focal_px, np.ones(len(points))])
        rays /= np.linalg.norm(rays, axis=1, keepdims=True)
        best, best_cost = None, len(points) * self.config.threshold_px**2
        num_samples, num_needed = 0, self.config.max_iterations
        while num_samples < num_needed:
            num_samples += 1
            sample = generator.choice(len(points), 3, replace=False)
            for pose in p3p(rays[sample], points.xyz[sample]):
                cost = cost_px2(points, pose, self.config.threshold_px)
                if cost < best_cost:
                    best, best_cost = pose, cost
                    num_needed = self._num_needed(points, pose)
        if best is None:
            return None
        pose = self.minimise(points, best, loss_scale_px=self.search_loss_px)
        return Hypothesis(pose, 4 * num_samples)

    def _num_needed(self, points: IdealPoints, pose: RigidTransform) -> int:
        ratio = float((points.residuals_px(pose) <= self.config.threshold_px).mean())
        miss = np.log1p(-min(ratio**3, 1 - 1e-9))
        if miss == 0.0:
            return self.config.max_iterations
        return min(int(3 * np.log(1e-4) / miss) + 30, self.config.max_iterations)
