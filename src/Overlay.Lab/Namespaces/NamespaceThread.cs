using System.Runtime.ExceptionServices;
using Overlay.Lab.Processes;

namespace Overlay.Lab.Namespaces;

/// <summary>
/// Runs code of this process inside a network namespace, on a thread that ends with it. Sockets opened there stay
/// there, whichever thread uses them later. Code after an await would run on a thread outside: open sockets in the
/// delegate, use them asynchronously after it.
/// </summary>
public static class NamespaceThread
{
    internal const string Directory = "/var/run/netns";

    public static T Invoke<T>(string networkNamespace, Func<T> action)
    {
        T? result = default;
        ExceptionDispatchInfo? failure = null;
        Thread thread = new(() =>
        {
            try
            {
                // FileShare.ReadWrite: no advisory lock on a file others enter by too.
                using var file = File.OpenHandle(
                    Path.Combine(Directory, networkNamespace), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
                LibC.EnterNetworkNamespace(file);
                result = action();
            }
            catch (Exception exception)
            {
                failure = ExceptionDispatchInfo.Capture(exception);
            }
        })
        {
            Name = networkNamespace,
            IsBackground = true,
        };
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result!;
    }
}
