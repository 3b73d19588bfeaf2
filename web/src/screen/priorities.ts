// The four priorities, as the screen names and colours them.

export interface PriorityLook {
  name: string;
  style: "urgent" | "high" | "medium" | "";
}

export const PRIORITIES: Readonly<Record<number, PriorityLook>> = {
  1: { name: "Urgent", style: "urgent" },
  2: { name: "High", style: "high" },
  3: { name: "Medium", style: "medium" },
  4: { name: "None", style: "" },
};
