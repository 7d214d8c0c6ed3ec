/** What is connected by having a member in common. */
export const connected = (sets: readonly (readonly number[])[]): readonly ReadonlySet<number>[] =>
  sets.reduce<readonly ReadonlySet<number>[]>((groups, set) => {
    const meets = (group: ReadonlySet<number>): boolean => set.some((one) => group.has(one));
    const joined = new Set([...set, ...groups.filter(meets).flatMap((group) => [...group])]);
    return [...groups.filter((group) => !meets(group)), joined];
  }, []);
