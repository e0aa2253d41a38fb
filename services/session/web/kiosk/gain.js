/** A gain that moves in a straight line, frame by frame. */
export class Gain {
  constructor(value) {
    this.jump(value);
  }

  jump(value) {
    this.value = value;
    this.target = value;
    this.step = 0;
  }

  /** Reach `target` in `frames` frames (from 0 to 1; less of a way takes as long). */
  toward(target, frames) {
    if (target === this.target) return;
    this.target = target;
    this.step = (target - this.value) / frames;
  }

  next() {
    if (this.value !== this.target) {
      const value = this.value + this.step;
      const isOver = this.step === 0 || (this.step > 0 ? value >= this.target : value <= this.target);
      this.value = isOver ? this.target : value;
    }
    return this.value;
  }
}
