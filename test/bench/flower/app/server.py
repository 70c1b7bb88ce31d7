"""Four clients, SecAgg+ with four shares of which three open: seconds of each round, and how far the mean is from the exact one."""

import json
import time

import numpy as np
from flwr.common import ndarrays_to_parameters, parameters_to_ndarrays
from flwr.server import LegacyContext, ServerApp, ServerConfig
from flwr.server.strategy import FedAvg
from flwr.server.workflow import DefaultWorkflow, SecAggPlusWorkflow

from app.values import values_of

CLIENTS = 4
app = ServerApp()


class Timed:
    """The fit workflow, timed, with what it made."""

    def __init__(self, workflow, parameters: int, report: str) -> None:
        self._workflow = workflow
        self._parameters = parameters
        self._report = report
        self._rounds = []

    def __call__(self, grid, context) -> None:
        began = time.monotonic()
        self._workflow(grid, context)
        seconds = time.monotonic() - began
        exact = sum(values_of(k, self._parameters).astype(np.float64) for k in range(CLIENTS)) / CLIENTS
        made = parameters_to_ndarrays(context.strategy.last)[0] if context.strategy.last else None
        error = None if made is None else float(np.abs(made - exact).max())
        self._rounds.append({"seconds": seconds, "error": error})
        with open(self._report, "w", encoding="utf-8") as file:
            json.dump(self._rounds, file)


class Kept(FedAvg):
    """Federated averaging that keeps what it last made."""

    last = None

    def aggregate_fit(self, server_round, results, failures):
        made = super().aggregate_fit(server_round, results, failures)
        self.last = made[0]
        return made


@app.main()
def main(grid, context) -> None:
    config = context.run_config
    parameters = int(config["parameters"])
    strategy = Kept(
        fraction_fit=1.0,
        fraction_evaluate=0.0,
        min_fit_clients=CLIENTS,
        min_available_clients=CLIENTS,
        initial_parameters=ndarrays_to_parameters([np.zeros(parameters, dtype=np.float32)]),
    )
    legacy = LegacyContext(context=context, config=ServerConfig(num_rounds=int(config["rounds"])), strategy=strategy)
    secure = SecAggPlusWorkflow(num_shares=CLIENTS, reconstruction_threshold=3)
    DefaultWorkflow(fit_workflow=Timed(secure, parameters, config["report"]))(grid, legacy)
