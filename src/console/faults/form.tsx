import { useState } from "preact/hooks";
import {
  FAULT_NAMES,
  isDelaying,
  MAX_DELAY_MILLISECONDS,
  MAX_FAULT_SKIP,
  MAX_FAULT_TIMES,
  type FaultName,
} from "../../domain/faults.ts";
import { api, unwrap, type Problem } from "../api.ts";
import { AsCode } from "../parts/as-code.tsx";
import { Failure, notify } from "../parts/feedback.tsx";
import { NumberField, SelectField, TextField } from "../parts/fields.tsx";
import { effectOf, TARGETS } from "./effects.ts";

const FAULT_OPTIONS = FAULT_NAMES.map((name) => [name, `${name} · ${effectOf(name)}`] as const);
const TARGET_NAMES = TARGETS.map(([name]) => [name, name] as const);

interface FaultFormProps {
  orderId: string;
  onAdded: () => void;
}

export function FaultForm({ orderId, onAdded }: FaultFormProps) {
  const [fault, setFault] = useState<FaultName>("lost_response");
  const [target, setTarget] = useState(TARGETS[0]![0]);
  const [order_id, setOrder] = useState(orderId);
  const [times, setTimes] = useState(1);
  const [skip, setSkip] = useState(0);
  const [delay_ms, setDelay] = useState(2_000);
  const [problem, setProblem] = useState<Problem>();

  const [, match] = TARGETS.find(([name]) => name === target)!;
  const body = {
    fault,
    ...(isDelaying(fault) && { delay_ms }),
    ...(times !== 1 && { times }),
    ...(skip > 0 && { skip }),
    match: { ...match, ...(order_id.trim() && { order_id: order_id.trim() }) },
  };
  const add = async (event: Event) => {
    event.preventDefault();
    try {
      await unwrap(api.POST("/sandbox/faults", { body }));
      setProblem(undefined);
      notify("Added the fault.");
    } catch (error) {
      setProblem(error as Problem);
    }
    onAdded();
  };
  return (
    <form class="fields" onSubmit={(event) => void add(event)} aria-label="Add a fault">
      <SelectField
        class="wide"
        label="Fault"
        value={fault}
        options={FAULT_OPTIONS}
        onChange={setFault}
      />
      <SelectField label="Applies to" value={target} options={TARGET_NAMES} onChange={setTarget} />
      <TextField label="Order" value={order_id} placeholder="any" onChange={setOrder} />
      <NumberField label="Times" value={times} min={1} max={MAX_FAULT_TIMES} onChange={setTimes} />
      <NumberField
        label="Skip first"
        value={skip}
        min={0}
        max={MAX_FAULT_SKIP}
        onChange={setSkip}
      />
      {isDelaying(fault) && (
        <NumberField
          label="Delay in ms"
          value={delay_ms}
          min={0}
          max={MAX_DELAY_MILLISECONDS}
          onChange={setDelay}
        />
      )}
      <button type="submit" class="primary">
        Add fault
      </button>
      {problem && <Failure problem={problem} />}
      <AsCode path="/sandbox/faults" call="env.faults.add" body={body} />
    </form>
  );
}
