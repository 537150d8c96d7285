namespace Overlay.Dataplane.Workers;

/// <summary>A worker on its dedicated, named thread, which reports its end once, with or without a fault.</summary>
public sealed class WorkerThread
{
    private readonly Thread _thread;

    /// <param name="worker">What to run.</param>
    /// <param name="started">Called on the worker's thread before it runs, to set the thread up; or null.</param>
    /// <param name="ended">
    /// Called on the worker's thread when it ends; with the exception that ended it, if one did.
    /// </param>
    public WorkerThread(QueueWorker worker, Action? started, Action<QueueWorker, Exception?> ended)
    {
        _thread = new Thread(() =>
        {
            Exception? fault = null;
            try
            {
                started?.Invoke();
                worker.Run();
            }
#pragma warning disable CA1031 // Whatever ends a worker ends the data plane: the daemon must hear of it and exit non-zero.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                fault = exception;
            }

            ended(worker, fault);
        })
        { Name = worker.Name, IsBackground = true };
    }

    public void Start() => _thread.Start();

    /// <summary>Waits for the worker's end; false when it did not come in time.</summary>
    public bool Join(TimeSpan timeout) => _thread.Join(timeout);
}
