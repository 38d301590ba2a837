import * as Data from 'effect/Data';

/** A port that was to be given to a unit, and that somebody listens on whom we may not end. */
export class PortInUse extends Data.TaggedError('PortInUse')<{
  readonly port: number;
  /** `null`: whoever it is cannot be seen from here. */
  readonly pid: number | null;
  readonly command: string | null;
  readonly uid: number;
  /** The unit of ours that it belongs to. `null`: a stranger. */
  readonly unit: string | null;
  /** `true`: its run is over, and it was told to end, and killed, and it is still there. */
  readonly deaf: boolean;
}> {
  override get message(): string {
    const { pid, command, uid, unit, deaf } = this;
    const cannot = `Cannot use port ${this.port}:`;
    if (pid === null) return `${cannot} somebody of user ${uid} listens there, who cannot be seen from here.`;
    const whose = unit === null ? `user ${uid}` : `unit ${unit}`;
    const still = deaf ? 'still listens there, though it was killed' : 'listens there';
    return `${cannot} ${pid} (${command}) of ${whose} ${still}.`;
  }
  get code(): string {
    return this._tag;
  }
  get hint(): string {
    if (this.pid === null) {
      return `Look with: sudo ss -ltnp "sport = :${this.port}". Stop who it is, or give the unit another port.`;
    }
    return this.unit === null || this.deaf
      ? 'Stop it, or give the unit another port.'
      : `Stop ${this.unit} and what it left behind, or give one of the two another port.`;
  }
}
