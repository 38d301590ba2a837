import * as Data from 'effect/Data';

/** What a platform cannot verify is refused with a reason, instead of being guessed. */
export class PlatformNotYet extends Data.TaggedError('PlatformNotYet')<{
  readonly platform: string;
  readonly feature: string;
}> {
  override get message(): string {
    return `Cannot ${this.feature} on ${this.platform}: this needs Linux's /proc, and there is no substitute yet.`;
  }
  get code(): string {
    return this._tag;
  }
  get hint(): string {
    return 'Run reeve on Linux, in WSL 2, or in a Linux container.';
  }
}

/** @throws {PlatformNotYet} Anywhere but on Linux. */
export function requireLinux(feature: string, platform: string = process.platform): void {
  if (platform !== 'linux') throw new PlatformNotYet({ platform, feature });
}
