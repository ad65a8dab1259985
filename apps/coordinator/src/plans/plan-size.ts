import { modelPorts, parameterCount } from '@consilium/models';
import type { Plan } from '@consilium/plan';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../platform/config.js';
import { InvalidRequest } from '../platform/error-translation.js';

/** How large the model of a plan may be here. */
@Injectable()
export class PlanSize {
  constructor(@Inject(CONFIG) private readonly config: Pick<Config, 'maximumParameters'>) {}

  /** Errors  MODEL_TOO_LARGE, which tells the number and the bound; MODEL_SPEC_INVALID. */
  require(plan: Plan): void {
    const { maximumParameters } = this.config;
    const parameters = parameterCount(plan.model, modelPorts(plan));
    if (parameters <= maximumParameters) return;
    throw new InvalidRequest('MODEL_TOO_LARGE', [
      {
        path: 'model',
        message: `has ${parameters} parameters; this coordinator takes at most ${maximumParameters} (CONSILIUM_MAXIMUM_PARAMETERS)`,
      },
    ]);
  }
}
