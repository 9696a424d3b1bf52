import { useState } from "preact/hooks";
import {
  ANY_FAULT_NAMES,
  isDelaying,
  MAX_DELAY_MILLISECONDS,
  MAX_FAULT_SKIP,
  MAX_FAULT_TIMES,
  type AnyFaultName,
} from "../../domain/faults.ts";
import { isNotificationFault } from "../../domain/notification-faults.ts";
import { api, unwrap } from "../api.ts";
import { notify } from "../parts/feedback.tsx";
import { NumberField, SelectField, TextField } from "../parts/fields.tsx";
import { RequestForm } from "../parts/request-form.tsx";
import { effectOf, targetsOf } from "./effects.ts";

const FAULT_OPTIONS = ANY_FAULT_NAMES.map((name) => [name, `${name} · ${effectOf(name)}`] as const);

interface FaultFormProps {
  orderId: string;
  onAdded: () => void;
}

export function FaultForm({ orderId, onAdded }: FaultFormProps) {
  const [fault, setFault] = useState<AnyFaultName>("lost_response");
  const [target, setTarget] = useState("");
  const [id, setId] = useState(orderId);
  const [times, setTimes] = useState(1);
  const [skip, setSkip] = useState(0);
  const [delay_ms, setDelay] = useState(2_000);

  const targets = targetsOf(fault);
  const targetName = targets.has(target) ? target : [...targets.keys()][0]!;
  const idField = isNotificationFault(fault) ? "network_transaction_id" : "order_id";
  const body = {
    fault,
    ...(isDelaying(fault) && { delay_ms }),
    ...(times !== 1 && { times }),
    ...(skip > 0 && { skip }),
    match: { ...targets.get(targetName), ...(id.trim() && { [idField]: id.trim() }) },
  };
  const add = async () => {
    await unwrap(api.POST("/sandbox/faults", { body }));
    notify("Added the fault.");
    onAdded();
  };
  return (
    <RequestForm
      label="Add a fault"
      action="Add fault"
      send={add}
      code={{ path: "/sandbox/faults", call: "env.faults.add", body }}
    >
      <SelectField
        class="wide"
        label="Fault"
        value={fault}
        options={FAULT_OPTIONS}
        onChange={setFault}
      />
      <SelectField
        label="Applies to"
        value={targetName}
        options={[...targets.keys()].map((name) => [name, name] as const)}
        onChange={setTarget}
      />
      <TextField
        label={idField === "order_id" ? "Order" : "network_transaction_id"}
        value={id}
        placeholder="any"
        onChange={setId}
      />
      <NumberField label="Times" value={times} min={1} max={MAX_FAULT_TIMES} onChange={setTimes} />
      <NumberField
        label="Skip the first"
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
    </RequestForm>
  );
}
