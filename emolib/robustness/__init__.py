"""What a network's answers withstand, and whether they are as good for everybody.

Pictures are spoilt (`perturb`), or the same faces rendered again with one thing changed
(`counterfactual`); `accuracy_curve` and `audit` say what it costs, and whom.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "costs": ["accuracy_curve", "audit"],
        "factors": ["FACTORS", "counterfactual", "counterfactuals"],
        "perturbations": ["PERTURBATIONS", "meaning", "perturb"],
    },
)
