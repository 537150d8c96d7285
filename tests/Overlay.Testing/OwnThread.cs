using System.Runtime.ExceptionServices;

namespace Overlay.Testing;

/// <summary>A thread that lives for one deed: credentials and capabilities that it takes are its own (credentials(7)).</summary>
public static class OwnThread
{
    /// <summary>Runs the deed to its end; what it throws is thrown here.</summary>
    public static T Run<T>(Func<T> deed)
    {
        T result = default!;
        ExceptionDispatchInfo? fault = null;
        Thread thread = new(() =>
        {
            try
            {
                result = deed();
            }
#pragma warning disable CA1031 // Thrown again by the caller's thread.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                fault = ExceptionDispatchInfo.Capture(exception);
            }
        });
        thread.Start();
        thread.Join();
        fault?.Throw();
        return result;
    }
}
