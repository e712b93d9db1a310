-- How a MyApp is doing, in the words of Argo CD. The message is the one of `kubectl get myapps -o wide`.
local status = obj.status or {}

-- A status of an earlier spec says nothing of this one. -1 is a MyApp that was never looked at.
if status.observedGeneration ~= obj.metadata.generation then
  return {status = "Progressing", message = "waiting for the operator to look at the latest change"}
end

local conditions = {}
for _, condition in ipairs(status.conditions or {}) do
  conditions[condition.type] = condition
end
local ready, stalled = conditions.Ready or {}, conditions.Stalled or {}

local health = "Progressing"
if stalled.status == "True" then
  health = "Degraded"
elseif ready.status == "True" then
  health = ready.reason == "Suspended" and "Suspended" or "Healthy"
end
return {status = health, message = status.message or "waiting for the operator"}
