/** Numbers in their order, eight bytes each: an index over a million lines must not be a million objects. */
export class Column {
  length = 0;
  #numbers = new Float64Array(16);

  push(value: number): void {
    if (this.length === this.#numbers.length) {
      const larger = new Float64Array(this.#numbers.length * 2);
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    this.#numbers[this.length++] = value;
  }

  at(index: number): number {
    return this.#numbers[index] ?? Number.NaN;
  }

  /** How many are smaller than `value`, or equal to it. They must be in ascending order. */
  countThrough(value: number): number {
    let [low, high] = [0, this.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#numbers[middle]! <= value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
