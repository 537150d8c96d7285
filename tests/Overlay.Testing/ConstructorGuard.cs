namespace Overlay.Testing;

/// <summary>Constructors of classes that have a lab: xunit disposes no class whose constructor throws.</summary>
public static class ConstructorGuard
{
    /// <summary>Runs the rest of a constructor; the lab that it builds on is disposed where that throws.</summary>
    /// <param name="lab">Namespaces, and the processes in them.</param>
    /// <param name="rest">The constructor's body.</param>
    public static void Guard(this IDisposable lab, Action rest) => lab.Guard(() =>
    {
        rest();
        return true;
    });

    /// <inheritdoc cref="Guard(IDisposable, Action)"/>
    public static T Guard<T>(this IDisposable lab, Func<T> rest)
    {
        try
        {
            return rest();
        }
        catch
        {
            lab.Dispose();
            throw;
        }
    }
}
