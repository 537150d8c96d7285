using System.Diagnostics;

namespace Overlay.Pods.Allocations;

/// <summary>The exclusive flock on a store's <c>lock</c> file, which host-local takes too.</summary>
/// <remarks>
/// A file opened for one's own use is one under LOCK_EX, tried without waiting; so the wait is made here.
/// </remarks>
internal sealed class StoreLock : IDisposable
{
    // Longer than hundreds of plugins in a row need, and shorter than a runtime waits for an ADD.
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);

    private readonly FileStream _file;

    private StoreLock(FileStream file) => _file = file;

    /// <exception cref="IOException">The file cannot be made, or somebody holds it for a minute.</exception>
    /// <exception cref="UnauthorizedAccessException">The directory is not ours to write.</exception>
    public static StoreLock Take(string path)
    {
        Stopwatch waited = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                return new(new FileStream(path, new FileStreamOptions
                {
                    Mode = FileMode.OpenOrCreate,
                    Access = FileAccess.ReadWrite,
                    Share = FileShare.None,
                    BufferSize = 0,
                }));
            }
            catch (IOException exception) when (IsHeld(exception))
            {
                if (waited.Elapsed > _patience)
                    throw new IOException(
                        $"{path} has been held by another process for {_patience.TotalSeconds:0} s", exception);
                Thread.Sleep(Random.Shared.Next(1, 4));
            }
        }
    }

    public void Dispose() => _file.Dispose();

    // EWOULDBLOCK, which the runtime passes on as the result code of the exception.
    private static bool IsHeld(IOException exception) => exception.HResult == 11;
}
