import { useState } from "preact/hooks";
import { navigate } from "wouter-preact/use-browser-location";
import { STORIES, type Story } from "../../domain/transaction-stories.ts";
import { api, unwrap } from "../api.ts";
import { hrefOf } from "../location.ts";
import { notify } from "../parts/feedback.tsx";
import { NumberField, SelectField, TextField } from "../parts/fields.tsx";
import { RequestForm } from "../parts/request-form.tsx";

const STORY_NAMES: Record<Story, string> = {
  captured: "approved and captured",
  captured_in_two: "captured in two parts",
  voided: "approved and voided",
  partly_refunded: "captured, half of it refunded",
  refunded: "captured and refunded",
  tip_added: "captured with a tip above the approved amount",
  force_captured: "captured without an approval",
  blind_refund: "refunded without a capture",
};
const OPTIONS = STORIES.map((story) => [story, STORY_NAMES[story]] as const);

/** Simulates a card transaction with all of its events. */
export function StoryForm({ onSimulated }: { onSimulated: () => void }) {
  const [story, setStory] = useState<Story>("captured");
  const [amount, setAmount] = useState(5_000);
  const [network_transaction_id, setNetworkId] = useState("");
  const [payment_method_id, setPaymentMethod] = useState("pm-1");
  const body = {
    story,
    amount,
    ...(network_transaction_id.trim() && { network_transaction_id: network_transaction_id.trim() }),
    ...(payment_method_id.trim() && { payment_method_id: payment_method_id.trim() }),
  };
  const simulate = async () => {
    const { transaction } = await unwrap(api.POST("/sandbox/transactions", { body }));
    notify("Simulated the transaction.");
    navigate(hrefOf("transactions", transaction.id));
    onSimulated();
  };
  return (
    <RequestForm
      label="Simulate a transaction"
      action="Simulate"
      send={simulate}
      code={{ path: "/sandbox/transactions", call: "env.transactions.story", body }}
    >
      <SelectField
        class="wide"
        label="What happens on the card"
        value={story}
        options={OPTIONS}
        onChange={setStory}
      />
      <NumberField
        label="Amount in cents"
        value={amount}
        min={1}
        max={Number.MAX_SAFE_INTEGER}
        onChange={setAmount}
      />
      <TextField
        label="network_transaction_id"
        value={network_transaction_id}
        placeholder="generated"
        onChange={setNetworkId}
      />
      <TextField
        label="payment_method_id"
        value={payment_method_id}
        placeholder="generated"
        onChange={setPaymentMethod}
      />
    </RequestForm>
  );
}
