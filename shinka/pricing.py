"""Names of ShinkaEvolve's catalogue of prices, each with what to use here."""

from __future__ import annotations

from shinka_core.shinkaevolve.absent import lazily

TYPE_CHECKING = False
if TYPE_CHECKING:
    from shinka_core.config import ModelPrice

__all__ = ["ModelPrice"]

_PRICES = "list prices come with the package, and EvolutionConfig(llm_prices=...) wins over them"
if not TYPE_CHECKING:
    __getattr__ = lazily(
        "shinka.pricing",
        {"ModelPrice": "shinka_core.config"},
        dict.fromkeys(
            (
                "CatalogSnapshot",
                "PricingCatalog",
                "PricingConfig",
                "PricingMode",
                "activate_model_catalog",
                "catalog_from_models_dev_payload",
                "get_catalog",
                "load_run_pricing_snapshot",
                "refresh_model_catalog",
                "write_run_pricing_snapshot",
            ),
            _PRICES,
        ),
    )
