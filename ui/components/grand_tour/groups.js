// Which sets of samples have a handle: classes, and those that were made by hand.
const MOST_CLASSES = 24; // more rings than that hide what they steer

// From back to front: { name, color, uids, made }, the most frequent class and what was made last in front. Classes
// are those with a sample that is `free`; `made` is the place in the list of handles, -1 for classes.
function listGroups({ labels, classes, free, paint, handles }) {
  const members = classes.map(() => []);
  const kept = new Int32Array(classes.length);
  labels.forEach((label, uid) => {
    members[label].push(uid);
    kept[label] += free[uid];
  });
  const shown = classes.map((_, label) => label).filter((label) => kept[label]);
  const largest = shown.sort((a, b) => kept[b] - kept[a] || a - b).slice(0, MOST_CLASSES).reverse();
  const named = (label) => ({ name: classes[label], color: paint(members[label]), uids: members[label], made: -1 });
  const own = handles.map(({ name, uids }, made) => ({ name, color: "#ffffff", uids, made }));
  return [...largest.map(named), ...own.filter(({ uids }) => uids.length && uids.at(-1) < labels.length)];
}

// The middles (groups, d) of sets of samples, which may share some.
function locateGroups(X, d, groups) {
  const found = new Float64Array(groups.length * d);
  groups.forEach(({ uids }, g) => {
    for (const uid of uids) for (let k = 0; k < d; k++) found[g * d + k] += X[uid * d + k] / uids.length;
  });
  return found;
}

// "Group 3" where there is a "Group 2" already, or as many.
function nameGroup(handles) {
  const taken = new Set(handles.map(({ name }) => name));
  let number = handles.length + 1;
  while (taken.has(`Group ${number}`)) number++;
  return `Group ${number}`;
}
