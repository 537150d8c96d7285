Console.Error.WriteLine("overlay is a CNI plugin");
return 1;
